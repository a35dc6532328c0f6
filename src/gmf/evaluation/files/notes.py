"""How files were brought to pairs of gold and prediction: all that was decided or mended."""

from dataclasses import dataclass

from gmf.evaluation.pairs import SamplePair


@dataclass(frozen=True, slots=True)
class FileNote:
    """A file that was read.

    Args:
        path: As given.
        format: What it was recognised as.
        sha256: Digest.
        tweets: Samples in it.
        respelled_labels: Labels whose spelling was mended, with counts.
        skipped_lines: Lines that are no part of a sample.
        warning: What looks wrong with its offsets.
    """

    path: str
    format: str
    sha256: str
    tweets: int
    respelled_labels: dict[str, int]
    skipped_lines: int
    warning: str = ""


@dataclass(frozen=True, slots=True)
class ChangedGold:
    """A sample whose gold in the system's file differs from the given gold.

    Args:
        id: The sample.
        gold: Entities of the given gold, lenient.
        own: Entities of the system's file, lenient.
    """

    id: str
    gold: int
    own: int


@dataclass(frozen=True, slots=True)
class PairingNotes:
    """All that was decided, mended or left out when files were paired.

    Args:
        gold_file: The file of the gold tags.
        predicted_file: The file of the predictions; ``None`` when it is the same.
        columns: How two label columns were read, and why.
        matched_by: ``same file``, ``id`` or ``words``.
        missing: Samples without a prediction; all their entities count as missed.
        extra: Predicted samples that the gold does not have; left out.
        unpredicted: Words without a prediction in the other samples, by sample; read as O.
        respelled_words: Words that the system spells otherwise, paired by position.
        extra_words: Predicted words that the gold does not have; left out.
        unlabelled_gold: Words without a gold label, by sample; read as O. Give the gold file.
        changed_gold: Samples whose gold in the system's file differs.
        gold_service_labels: Service labels in the gold, with counts.
        predicted_service_labels: Service labels in the prediction, with counts.
        predicted_service_words: Words that they are on, by sample.
        alike: Types that look like others and are told apart, each with where it stands.
    """

    gold_file: FileNote
    predicted_file: FileNote | None
    columns: str
    matched_by: str
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unpredicted: dict[str, tuple[int, ...]]
    respelled_words: int
    extra_words: int
    unlabelled_gold: dict[str, tuple[int, ...]]
    changed_gold: tuple[ChangedGold, ...]
    gold_service_labels: dict[str, int]
    predicted_service_labels: dict[str, int]
    predicted_service_words: dict[str, tuple[int, ...]]
    alike: tuple[str, ...] = ()

    @property
    def losses(self) -> list[str]:
        """A line for each thing that was counted as O or left out."""
        counts = {
            "posts without a prediction, read as all O": len(self.missing),
            "predicted posts that the gold has not, left out": len(self.extra),
            "words without a prediction, read as O": sum(map(len, self.unpredicted.values())),
            "predicted words that the gold has not, left out": self.extra_words,
        }
        return [f"{count} {what}" for what, count in counts.items() if count]


@dataclass(frozen=True, slots=True)
class PairedSamples:
    """Pairs in gold order, labels as read, with the notes on them."""

    pairs: tuple[SamplePair, ...]
    notes: PairingNotes
