"""Scores that travel with a published model, and where they come from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from gmf.core.files import write_text
from gmf.training.run_files import PROVENANCE, STATE, checkpoint_folder

SCORES = "scores.json"


@dataclass(frozen=True)
class PublishedScore:
    """One micro score of exact spans on one split.

    Args:
        split: ``dev`` or ``test``.
        rule: ``lenient`` (the field's counting) or ``strict`` BIO2.
        precision: In [0, 1].
        recall: In [0, 1].
        f1: In [0, 1].
        gold: Entities of the annotation.
        data: Name of the data, as a known release or a file.
        digest: Digest of the words and tags that were scored.
        source: What measured it.
    """

    split: str
    rule: str
    precision: float
    recall: float
    f1: float
    gold: int
    data: str
    digest: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is the score of."""
        return self.split, self.rule, self.digest

    @classmethod
    def of(
        cls, rule: str, micro: Mapping[str, Any], part: Mapping[str, Any], *, source: str
    ) -> "PublishedScore":
        """Return the score of counted entities.

        Args:
            rule: Counting rule.
            micro: Plain values of ``Counts``.
            part: Fingerprint of the split: ``part``, ``source``, ``digest`` and perhaps ``copy``.
            source: What measured it.
        """
        numbers = {name: float(micro[name]) for name in ("precision", "recall", "f1")}
        return cls(
            split=part["part"],
            rule=rule,
            **numbers,
            gold=int(micro["gold"]),
            data=part.get("copy") or part["source"],
            digest=part["digest"],
            source=source,
        )


def scores_of_run(checkpoint: Path) -> list[PublishedScore]:
    """Return the dev scores of a checkpoint that lies in its run folder, else none."""
    run = checkpoint.parent.parent
    if not (run / STATE).is_file():
        return []
    state = json.loads((run / STATE).read_text(encoding="utf-8"))
    recorded = json.loads((run / PROVENANCE).read_text(encoding="utf-8"))
    parts = [part for part in fingerprints_of(recorded) if part["part"] == "dev"]
    rows = [r for r in state["history"] if checkpoint == checkpoint_folder(run, r["epoch"])]
    return [
        PublishedScore.of(
            rule,
            _dev_scores(row, part)[rule]["micro"],
            part,
            source=f"gmf train, epoch {row['epoch']}, which this split chose",
        )
        for row in rows
        for part in parts
        for rule in ("lenient", "strict")
    ]


def _dev_scores(row: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the scores of an epoch on one of its dev files: of several corpora, on that one."""
    corpus = part["source"].rpartition("/")[0]
    return row["corpora"][corpus] if corpus and "corpora" in row else row["dev"]


def fingerprints_of(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fingerprints of the data that a model was made from; none of older runs."""
    parts = provenance.get("data")
    return list(cast(list[dict[str, Any]], parts)) if isinstance(parts, list) else []


def read_scores(folder: Path) -> list[PublishedScore]:
    """Return the scores that a published model brought along."""
    path = folder / SCORES
    if not path.is_file():
        return []
    return [PublishedScore(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def write_scores(scores: Sequence[PublishedScore], folder: Path) -> None:
    """Write scores beside a published model."""
    text = json.dumps([asdict(score) for score in scores], indent=2, ensure_ascii=False)
    write_text(folder / SCORES, text + "\n")
