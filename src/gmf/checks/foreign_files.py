"""Files that are no training set: outputs of published systems, entity linking samples."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from gmf.checks.findings import Diagnosis, Finding, finding_of
from gmf.checks.raw_samples import Split, load_folder, regular_tags
from gmf.core.errors import DataError
from gmf.core.tags import OUTSIDE, entities_of, is_bio
from gmf.reading.reader import RawSample, read_lines


class _Mention(BaseModel):
    id: str
    sentence: str
    mentions: str | tuple[str, ...]
    answer: str | tuple[str, ...]


_LINKS = TypeAdapter(dict[str, _Mention])


def examine_others(folder: Path, *, against: Sequence[Path]) -> Diagnosis:
    """Examine ``*output*.txt`` (image, text, predicted tags, gold tags) and linking ``*.json``.

    Args:
        folder: The folder.
        against: Data sets whose gold tags the outputs should agree with.

    Raises:
        DataError: If there is neither.
    """
    report = Diagnosis(folder)
    gold = [split for other in against for split in load_folder(other)]
    outputs = sorted(folder.glob("*output*.txt"))
    links = sorted(folder.glob("*.json")) if not outputs else []
    for path in outputs:
        report.findings += _examine_output(path, gold=gold, facts=report.facts)
    for path in links:
        report.findings += _examine_links(path, facts=report.facts)
    if not outputs and not links:
        raise DataError(
            "nothing to examine: no train, dev (or valid) or test file, no *output*.txt",
            path=folder,
        )
    return report


def _examine_output(
    path: Path, *, gold: Sequence[Split], facts: dict[str, dict[str, object]]
) -> list[Finding]:
    lines = read_lines(path)
    blocks = [lines[start : start + 5] for start in range(0, len(lines), 5)]
    blocks = [block for block in blocks if any(block)]
    bad: list[int] = []
    cut: list[str] = []
    service: list[str] = []
    golds: list[list[str]] = []
    whole: list[RawSample] = []
    for position, block in enumerate(blocks):
        line = position * 5 + 1
        tags = [row.split() for row in block[2:4]]
        if len(block) < 4 or any(block[4:]) or len(tags[0]) != len(tags[1]):
            bad.append(line)
            continue
        identifier, words = block[0].removesuffix(".jpg"), tuple(block[1].split(" "))
        if len(words) != len(tags[0]):
            cut.append(identifier)
        else:
            whole.append(RawSample(identifier, line, (line,) * len(words), words, tuple(tags[1])))
        service += [f"{identifier} {tag}" for row in tags for tag in row if not is_bio(tag)]
        golds.append([tag if is_bio(tag) else OUTSIDE for tag in tags[1]])
    facts[path.name] = {
        "tweets": len(golds),
        "gold_lenient": sum(len(entities_of(tags)) for tags in golds),
        "gold_strict": sum(len(entities_of(tags, strict=True)) for tags in golds),
    }
    message = "expected image, text, predicted tags, gold tags and an empty line"
    return [
        *finding_of("format", bad, file=path.name, message=message),
        *finding_of("cut-tweet", cut, file=path.name, message="fewer tags than words"),
        *finding_of(
            "service-tag",
            service,
            file=path.name,
            message="tags that are not O, B-TYPE or I-TYPE; read as O",
        ),
        *_other_gold(whole, gold, file=path.name),
    ]


def _other_gold(samples: list[RawSample], gold: Sequence[Split], *, file: str) -> list[Finding]:
    references = {sample.id: sample for split in gold for sample in split.raw_samples}
    differing: list[str] = []
    for sample in samples:
        reference = references.get(sample.id)
        if reference is None:
            continue
        tags, expected_tags = regular_tags(sample) or (), regular_tags(reference) or ()
        if tags != expected_tags:
            more = len(entities_of(tags)) - len(entities_of(expected_tags))
            differing.append(f"{sample.id} ({more:+d} entities)")
    message = "gold tags differ from those of the data set"
    return finding_of("gold-differs", differing, file=file, message=message)


def _examine_links(path: Path, *, facts: dict[str, dict[str, object]]) -> list[Finding]:
    try:
        rows = _LINKS.validate_python(json.loads("\n".join(read_lines(path))))
    except (ValidationError, ValueError, RecursionError) as error:
        reason = f" ({error})" if not isinstance(error, ValidationError) else ""
        message = (
            f"expected sentence, mentions and answer by identifier{reason}; annotations of texts "
            f"are brought into a data set by `gmf data convert {path.name} train.jsonl`"
        )
        return [Finding("format", 1, path.name, message)]
    forms = Counter("text" if isinstance(row.answer, str) else "list" for row in rows.values())
    facts[path.name] = {"samples": len(rows), **{f"answer_is_{k}": n for k, n in forms.items()}}
    lost: list[str] = []
    for row in rows.values():
        mentions = (row.mentions,) if isinstance(row.mentions, str) else row.mentions
        lost += [f"{row.id} {mention!r}" for mention in mentions if mention not in row.sentence]
    message = "mentions that are not in the sentence, letter for letter"
    return [
        *finding_of("mention-not-in-text", lost, file=path.name, message=message),
        *finding_of(
            "id-mismatch",
            (key for key, row in rows.items() if key != row.id),
            file=path.name,
            message="the identifier differs from the key",
        ),
    ]
