"""The folder of an exported model: what is in it, written and read without torch."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from gmf.core.config import Config, describe_faults
from gmf.core.errors import CheckpointError
from gmf.core.files import write_text
from gmf.core.tags import TagSet
from gmf.inference.decoding import TagStates
from gmf.inference.image_preparation import ImagePreparation

INFO, TOKENIZER = "export.json", "tokenizer.json"
#: Words and stage maps to emissions; images to stage maps.
TAGGER_GRAPH, IMAGE_GRAPH = "tagger.onnx", "images.onnx"


class CrfScores(Config):
    """The learned scores of moves between states; zero for a softmax.

    Args:
        transitions: From one state to another.
        start: At the first position.
        end: At the last position.
        temperature: What scores are divided by in confidences.
    """

    transitions: tuple[tuple[float, ...], ...]
    start: tuple[float, ...]
    end: tuple[float, ...]
    temperature: float = Field(default=1.0, gt=0)


class ImageSide(Config):
    """How a model that reads images gets them.

    Args:
        preparation: Images to pixels.
        max_regions: First regions of each image to use.
        stage_shapes: ``(channels, height, width)`` of the map of each stage.
    """

    preparation: ImagePreparation
    max_regions: int
    stage_shapes: tuple[tuple[int, int, int], ...]


class ExportInfo(Config):
    """All that is needed beside graphs and tokenizer.

    Args:
        format: Version of the folder's layout.
        model: Registered name of the model.
        types: Entity types, in tag order.
        subword_labels: Which positions are tagged, see ``TagStates``.
        legal_moves: Whether decoding keeps to legal moves.
        crf: Scores of moves.
        text_inputs: Names of the tokenizer's arrays that the graph takes.
        unknown_token: Stands for a word without subwords.
        max_subwords: Limit on subwords of a post, special tokens included.
        missing_image: What stands in for an unusable image.
        context: Fields of the context that the model reads.
        images: Set when the model reads images.
        int8: Whether the matrix products are quantised.
        provenance: What the checkpoint said of its origin.
    """

    format: Literal[1] = 1
    model: str
    types: tuple[str, ...]
    subword_labels: Literal["first", "x"]
    legal_moves: bool = True
    crf: CrfScores
    text_inputs: tuple[str, ...]
    unknown_token: str | None
    max_subwords: int
    missing_image: Literal["mask", "blank"]
    context: tuple[str, ...] = ()
    images: ImageSide | None = None
    int8: bool = False
    provenance: dict[str, Any]

    @model_validator(mode="after")
    def _has_a_score_for_every_move(self) -> Self:
        states = len(TagStates(TagSet(self.types), self.subword_labels).names)
        rows = (self.crf.start, self.crf.end, *self.crf.transitions)
        if len(self.crf.transitions) != states or any(len(row) != states for row in rows):
            raise ValueError(f"crf: expected scores of {states} states")
        return self


def external_data_of(graph: Path) -> Path:
    """Return where the weights of a graph lie that is too large for one file."""
    return graph.with_name(f"{graph.name}.data")


def is_exported(folder: Path) -> bool:
    """Say whether a folder holds an exported model."""
    return (folder / INFO).is_file()


def write_info(folder: Path, info: ExportInfo) -> None:
    """Write ``export.json``."""
    write_text(folder / INFO, info.model_dump_json(indent=2) + "\n")


def read_info(folder: Path) -> ExportInfo:
    """Read ``export.json``.

    Raises:
        CheckpointError: If it cannot be read or is of another version, or a graph is absent.
    """
    path = folder / INFO
    try:
        info = ExportInfo.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error})") from error
    except ValidationError as error:
        raise CheckpointError(
            f"{path}: not written by this version of gmf; export again: {describe_faults(error)}"
        ) from error
    wanted = [TAGGER_GRAPH, TOKENIZER, *([IMAGE_GRAPH] if info.images else [])]
    absent = [name for name in wanted if not (folder / name).is_file()]
    if absent:
        raise CheckpointError(f"{folder}: incomplete, {', '.join(absent)} absent; export again")
    return info
