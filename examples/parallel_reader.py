"""A reader of your own: words and tags in two parallel files, in one file of code.

Each line of `train.words` is an identifier, a tab and the words of a sample; the same line of
`train.tags` is its tags. The image is `images/<identifier>.png`, if there is one.

gmf data stats DIR --code examples/parallel_reader.py
"""

from collections.abc import Callable
from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Sample
from gmf.reading.reader import Reader, fail, read_lines
from gmf.reading.readers import readers


@readers.register("parallel")
class ParallelReader(Reader):
    """Words and tags, each in a file of its own, a line a sample."""

    suffixes = (".words",)

    def read(self, path: Path, *, on_fault: Callable[[DataError], None] = fail) -> list[Sample]:
        """Return the samples in order; see the module."""
        lines, tag_path = read_lines(path), path.with_suffix(".tags")
        tag_lines = read_lines(tag_path) if tag_path.exists() else [None] * len(lines)
        if len(tag_lines) != len(lines):
            raise DataError(f"expected {len(lines)} lines, got {len(tag_lines)}", path=tag_path)
        samples: list[Sample] = []
        for number, (line, tag_line) in enumerate(zip(lines, tag_lines, strict=True), start=1):
            identifier, tab, words = line.partition("\t")
            tokens = tuple(words.split())
            tags = None if tag_line is None else tuple(tag_line.split())
            if not tab or (tags is not None and len(tags) != len(tokens)):
                on_fault(DataError("expected ID, tab, a word a tag", path=path, line=number))
                continue
            image = path.parent / "images" / f"{identifier}.png"
            images = (ImageInput(image),) if image.exists() else ()
            origin = f"{path}:{number}"
            samples.append(Sample(identifier, tokens, tags, images=images, origin=origin))
        return samples
