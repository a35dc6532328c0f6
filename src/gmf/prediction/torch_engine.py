"""A checkpoint run by PyTorch."""

from collections.abc import Iterable, Iterator

from gmf.core.device import ComputedPrecision, Precision, torch_device
from gmf.core.errors import ConfigError
from gmf.core.types import Prediction, Sample
from gmf.inference.long_posts import LongPosts
from gmf.inference.loop import Counting
from gmf.models.base import MnerModel
from gmf.models.runtime import resolve_precision
from gmf.models.tagger import Tagger
from gmf.prediction.engine import Engine


class TorchEngine(Engine):
    """Runs a tagger.

    Args:
        tagger: A trained model with what it needs.
        device: ``auto`` takes a GPU when there is one.
        precision: What the passes compute in.
        cached: Whether what is computed of images is kept, see ``Tagger.collator``.
        image_trust: How far images may move the tags, see ``gmf.load``.

    Raises:
        ConfigError: If the device is not there, or images cannot be trusted in part.
    """

    def __init__(
        self,
        tagger: Tagger,
        *,
        device: str = "auto",
        precision: Precision = "fp32",
        cached: bool = False,
        image_trust: float = 1,
    ) -> None:
        model = tagger.model
        super().__init__(
            model.options.name,
            types=model.tags.types,
            reads_images=model.uses_images,
            max_regions=model.max_regions if model.uses_images else 0,
            provenance=tagger.provenance,
            context=tagger.data.context,
            image_trust=image_trust,
        )
        kind = type(model)
        decodes_alone = kind.decode is not MnerModel.decode and kind.between is MnerModel.between
        if image_trust != 1 and decodes_alone:
            raise ConfigError(
                f"image_trust {image_trust}: model {self.name} decodes in its own way and does not "
                "say what is between two outputs; leave it out"
            )
        self._tagger, place = tagger, torch_device(device)
        self._tagger.model.to(place).eval()
        self._precision: ComputedPrecision = resolve_precision(precision, place)
        self._collator = tagger.collator(cached=cached)

    @property
    def tagger(self) -> Tagger:
        """The model with all that it needs."""
        return self._tagger

    def run(
        self,
        samples: Iterable[Sample],
        *,
        counting: Counting,
        batch_size: int,
        explain: bool = False,
        long: LongPosts = "split",
    ) -> Iterator[Prediction]:
        """Yield a prediction for every sample, in order; see ``Engine``."""
        return self._tagger.predict(
            samples,
            batch_size=batch_size,
            explain=explain,
            long=long,
            collator=self._collator,
            counting=counting,
            precision=self._precision,
            image_trust=self.image_trust,
        )
