"""An output format of your own: entities in brackets, in one file.

gmf predict RUN posts.jsonl --output posts.brackets --code examples/bracket_format.py
"""

from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.jobs.outputs.open import output_formats
from gmf.prediction.documents import Document


@output_formats.register("brackets")
class BracketFormat(LineFormat):
    """A line a post: its identifier, a tab, and the text with entities as ``[PER Rocky]``."""

    suffixes = (".brackets",)

    def render(self, row: Row, document: Document) -> str:
        """Return the line of a post."""
        text, end = "", 0
        for entity in document.entities:
            text += document.text[end : entity.char_start] + f"[{entity.type} {entity.text}]"
            end = entity.char_end
        return f"{row.id}\t{' '.join((text + document.text[end:]).split())}\n"
