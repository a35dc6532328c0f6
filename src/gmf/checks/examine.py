"""The examination of one folder: every check in turn."""

from collections.abc import Sequence
from pathlib import Path

from gmf.checks.boxes import check_annotations, check_regions
from gmf.checks.duplicates import check_duplicates
from gmf.checks.findings import Diagnosis
from gmf.checks.foreign_files import examine_others
from gmf.checks.image_files import read_album
from gmf.checks.leaks import check_leaks, compare, known_test_parts
from gmf.checks.raw_samples import first_split, load_folder
from gmf.checks.relation_files import examine_relations, is_relation_file
from gmf.checks.releases import CopyPrints, recognise
from gmf.checks.side_files import check_captions, check_lists
from gmf.checks.tags_and_tokens import check_tags, check_tokens, check_types, split_facts
from gmf.core.errors import DataError
from gmf.reading.reader import DEFAULTS, ReadOptions


def examine_folder(
    folder: Path, *, against: Sequence[Path] = (), options: ReadOptions = DEFAULTS
) -> Diagnosis:
    """Examine a data set.

    Args:
        folder: Folder with ``train``, ``dev`` (or ``valid``) and ``test`` files, and with
            ``images/``, ``regions.jsonl``, ``captions*.txt``, ``objects/`` and ``xml*`` where
            there are such. Relation files (MNRE), outputs of published systems and entity linking
            samples are examined too, as far as there is something to check.
        against: Other data sets, whose test parts must not be trained on.
        options: How the files of the folder are read, where they cannot tell.

    Raises:
        DataError: If a folder holds nothing to examine, or several files of one split.
    """
    if not folder.is_dir():
        raise DataError("no such folder", path=folder)
    first = first_split(folder)
    if first is None:
        return examine_others(folder, against=against)
    if is_relation_file(first):
        return examine_relations(folder, against=against)
    splits = load_folder(folder, options=options)
    report = Diagnosis(folder)
    train = next((split for split in splits if split.name == "train"), None)
    for split in splits:
        report.findings += (*split.findings, *check_tags(split), *check_tokens(split))
        report.facts[split.file] = split_facts(split, train=train)
    report.findings += check_types(splits)
    report.findings += check_duplicates(splits)
    prints = CopyPrints(splits)
    report.copy, findings, paper = recognise(prints)
    report.findings += findings
    if paper:
        report.facts["published"] = paper
    report.findings += check_leaks(splits, parts=known_test_parts(prints))
    album = read_album(folder, splits=splits, images=options.images)
    report.findings += album.findings
    report.facts["images"] = {"named": album.num_named, "present": album.num_present}
    for more, facts in (
        check_regions(splits, folder=folder, album=album),
        check_annotations(splits, folder=folder, album=album),
        check_captions(splits, folder=folder),
        check_lists(splits, folder=folder),
        compare(splits, others=against),
    ):
        report.add(more, facts)
    return report
