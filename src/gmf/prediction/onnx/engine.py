"""An exported model as the engine of a pipeline."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gmf.core.types import Prediction, Sample
from gmf.data.image_report import ImageReport
from gmf.inference.loop import predict_in_windows
from gmf.prediction.engine import WindowedEngine
from gmf.prediction.onnx.batch import ArrayBatch, ArrayCollator
from gmf.prediction.onnx.folder import read_info
from gmf.prediction.onnx.model import ArrayModel


class OnnxEngine(WindowedEngine):
    """Runs an exported model on ONNX Runtime; see ``Engine``.

    Explanations tell the result without images, but not gates and attention: those stay inside the
    graph.

    Args:
        folder: Folder of the exported model.
        device: ``auto``, ``cpu`` or ``cuda``.
        num_threads: Threads of one pass; 0 lets the runtime choose.

    Raises:
        CheckpointError: If the folder is incomplete, damaged or of another version.
        ConfigError: If the runtime does not have the device.
    """

    def __init__(self, folder: Path, *, device: str = "auto", num_threads: int = 0) -> None:
        info = read_info(folder)
        super().__init__(
            info.model,
            types=info.types,
            reads_images=info.images is not None,
            max_regions=info.images.max_regions if info.images else 0,
        )
        self.model = ArrayModel(folder, info=info, device=device, num_threads=num_threads)
        self.collator = ArrayCollator(folder, info=info)

    def predict_window(
        self, window: list[Sample], *, report: ImageReport, batch_size: int, explain: bool
    ) -> Iterator[Prediction]:
        """Yield the prediction of each sample of a window, in order."""

        def collate(samples: Sequence[Sample]) -> ArrayBatch:
            return self.collator(samples, report=report)

        return predict_in_windows(
            self.model,
            window,
            collate=collate,
            lengths=self.collator.lengths,
            uses_images=self.model.uses_images,
            batch_size=batch_size,
            explain=explain,
        )
