"""Multimodal relation extraction files (MNRE): a Python dict literal a line."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from gmf.checks.findings import Diagnosis, Finding, finding_of
from gmf.checks.image_files import read_album
from gmf.checks.leaks import check_leaks, compare, known_test_parts
from gmf.checks.raw_samples import Split
from gmf.checks.releases import CopyPrints
from gmf.checks.side_files import check_lists
from gmf.checks.tags_and_tokens import check_tokens
from gmf.core.errors import DataError
from gmf.reading.reader import RawSample, read_lines
from gmf.reading.readers import find_split, splits_of


class _Mention(BaseModel):
    name: str
    pos: tuple[int, int]


class _Row(BaseModel):
    token: tuple[str, ...]
    h: _Mention
    t: _Mention
    img_id: str | int
    relation: str

    @property
    def image(self) -> str:
        return str(self.img_id).removesuffix(".jpg")


@dataclass(frozen=True)
class _File:
    split: Split
    facts: dict[str, object]


def is_relation_file(path: Path) -> bool:
    """Say whether the first line of a file is a dict literal with tokens."""
    try:
        with path.open("rb") as stream:
            return stream.read(10).startswith(b"{'token'")
    except OSError:
        return False


def examine_relations(folder: Path, *, against: Sequence[Path]) -> Diagnosis:
    """Examine relation files: ``token``, ``h``, ``t``, ``img_id`` and ``relation`` a line."""
    files = [_read(find_split(folder, split=name), name=name) for name in splits_of(folder)]
    splits = [file.split for file in files]
    report = Diagnosis(folder)
    for file in files:
        report.findings += (*file.split.findings, *check_tokens(file.split))
        report.facts[file.split.file] = file.facts
    report.findings += check_leaks(splits, parts=known_test_parts(CopyPrints(splits)))
    album = read_album(folder, splits=splits)
    report.findings += album.findings
    report.facts["images"] = {"named": album.num_named, "present": album.num_present}
    numbered = {split.name: [str(n) for n in range(len(split.raw_samples))] for split in splits}
    for findings, facts in (
        check_lists(splits, folder=folder, keys=numbered),
        compare(splits, others=against),
    ):
        report.add(findings, facts)
    return report


def _read(path: Path, *, name: str) -> _File:
    try:
        lines = read_lines(path)
    except DataError as error:
        return _File(Split(name, path, (), (Finding("format", 1, path.name, str(error)),)), {})
    rows: dict[int, _Row] = {}
    bad: list[int] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows[number] = _Row.model_validate(ast.literal_eval(line))
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            bad.append(number)
    samples = [
        RawSample(row.image, number, (number,) * len(row.token), row.token, None)
        for number, row in rows.items()
    ]
    message = "expected a dict with token, h, t, img_id, relation"
    findings = finding_of("format", bad, file=path.name, message=message)
    findings += _row_findings(rows, file=path.name)
    relations = [row.relation for row in rows.values()]
    facts: dict[str, object] = {
        "instances": len(samples),
        "images": len({sample.id for sample in samples}),
        "relations": len(set(relations)),
        "without_relation": sum(relation.lower() == "none" for relation in relations),
    }
    return _File(Split(name, path, tuple(samples), tuple(findings)), facts)


def _row_findings(rows: dict[int, _Row], *, file: str) -> list[Finding]:
    numeric = [number for number, row in rows.items() if isinstance(row.img_id, int)]
    misnamed = [
        f"{number} {end}"
        for number, row in rows.items()
        for end, mention in (("h", row.h), ("t", row.t))
        if " ".join(row.token[slice(*mention.pos)]) != mention.name
    ]
    message = "the name of a head or tail differs from its words"
    return [
        *finding_of("id-not-text", numeric, file=file, message="img_id is a number"),
        *finding_of("name-not-in-tokens", misnamed, file=file, message=message),
    ]
