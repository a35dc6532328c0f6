"""Export: a checkpoint to a folder of ONNX graphs that is checked against it before it is named."""

from dataclasses import dataclass
from pathlib import Path

from gmf.core.errors import ConfigError, ExportError
from gmf.core.files import replacing
from gmf.data.alignment import standalone_tokenizer
from gmf.inference.exported_folder import (
    IMAGE_GRAPH,
    INFO,
    TAGGER_GRAPH,
    TOKENIZER,
    CrfScores,
    ExportInfo,
    ImageSide,
    external_data_of,
    write_info,
)
from gmf.inference.image_preparation import preparation_of
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.models.tagger import Tagger
from gmf.prediction.onnx.graphs import write_image_graph, write_tagger_graph
from gmf.prediction.onnx.parity import compare
from gmf.prediction.onnx.probe import probe_posts
from gmf.prediction.onnx.quantise import quantise
from gmf.vision.cache.maps import EncodedViews


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Args:
        folder: The folder.
        sizes: Bytes of each file by name.
        max_difference: Greatest absolute difference of an emission from the checkpoint's, on a few
            built-in posts.
        same_tags: Share of their words that get the same tag, in [0, 1].
    """

    folder: Path
    sizes: dict[str, int]
    max_difference: float
    same_tags: float


def export_onnx(tagger: Tagger, out: Path, *, int8: bool = False) -> ExportReport:
    """Write a model as ONNX graphs with all that ``gmf.load`` needs to run them without torch.

    The folder gets its name only after the graphs gave the emissions of the checkpoint on built-in
    posts; with ``int8`` the differences are reported and not judged.

    Args:
        tagger: The model with tokenizer and image processor, as ``load_tagger`` returns it.
        out: Folder to write; must not exist or be empty.
        int8: Whether to quantise the large matrix products.

    Raises:
        ConfigError: If the folder holds something.
        ExportError: If the model cannot be exported or the graphs do something else.
    """
    if obstacle := tagger.model.export_obstacle():
        raise ExportError(f"{type(tagger.model).__name__}: {obstacle}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out}: is there already; choose another folder or delete it")
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as half:
        half.mkdir()
        info = _write(tagger, half, int8=int8)
        write_info(half, info)
        difference, same = compare(tagger, half, info)
        if out.exists():  # Empty; it stays, since it may be where the user is.
            for path in sorted(half.iterdir(), key=lambda path: path.name == INFO):
                path.rename(out / path.name)
    sizes = {path.name: path.stat().st_size for path in sorted(out.iterdir())}
    return ExportReport(out, sizes, difference, same)


def _write(tagger: Tagger, folder: Path, *, int8: bool) -> ExportInfo:
    model, tokenizer = tagger.model.cpu().eval(), tagger.tokenizer
    if tokenizer is None:
        raise ExportError(f"{type(model).__name__}: an exported model needs a tokenizer")
    own = standalone_tokenizer(tokenizer, max_subwords=tagger.data.max_subwords)
    own.save(str(folder / TOKENIZER))
    batch = tagger.collator()(probe_posts())
    images = _write_images(tagger, folder) if model.uses_images else None
    graph = folder / TAGGER_GRAPH
    write_tagger_graph(
        model,
        graph,
        text_inputs=tuple(batch.text_inputs),
        stage_shapes=images.stage_shapes if images else (),
    )
    if int8:
        exact = graph.rename(graph.with_suffix(".fp32"))
        quantise(exact, graph)
        exact.unlink()
        external_data_of(graph).unlink(missing_ok=True)
    crf, config = model.head.crf, model.head.config
    return ExportInfo(
        model=model.options.name,
        types=model.tags.types,
        subword_labels=config.subword_labels,
        legal_moves=config.legal_moves,
        crf=CrfScores(
            transitions=tuple(map(tuple, crf.transitions.tolist())),
            start=tuple(crf.start.tolist()),
            end=tuple(crf.end.tolist()),
            temperature=crf.temperature,
        ),
        text_inputs=tuple(batch.text_inputs),
        unknown_token=None if tokenizer.unk_token is None else str(tokenizer.unk_token),
        max_subwords=tagger.data.max_subwords,
        missing_image=tagger.data.missing_image,
        context=tagger.data.context,
        images=images,
        int8=int8,
        provenance=tagger.provenance,
    )


def _write_images(tagger: Tagger, folder: Path) -> ImageSide:
    preparation = preparation_of(tagger.image_processor)
    encoder = getattr(tagger.model, "image_encoder", None)
    if not isinstance(encoder, ImageEncoder):
        raise ExportError(f"{type(tagger.model).__name__}: has no image encoder to export")
    source = tagger.collator().view_source
    return ImageSide(
        preparation=preparation,
        max_regions=tagger.model.max_regions,
        stage_shapes=write_image_graph(
            encoder,
            folder / IMAGE_GRAPH,
            image_shape=preparation.shape,
            pooled_size=source.pooled_size if isinstance(source, EncodedViews) else None,
        ),
    )
