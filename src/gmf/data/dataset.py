"""One split as a torch data set of samples."""

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from gmf.core.types import Sample
from gmf.data.readers import read_split


class SampleDataset(Dataset[Sample]):
    """Samples by index, with their lengths for the sampler.

    Args:
        samples: The posts.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = tuple(samples)
        self.lengths = [len(sample.tokens) for sample in self.samples]

    @classmethod
    def of_split(cls, folder: Path, *, split: str) -> "SampleDataset":
        """Read a split of a folder.

        Raises:
            DataError: If the split is absent or a line is wrong.
        """
        return cls(read_split(folder, split))

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)
