"""An exported model on ONNX Runtime: arrays in, emissions out, decoded in NumPy."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from jaxtyping import Float

from gmf.core.device import cpu_threads
from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.tags import TagSet
from gmf.core.types import Entity, Explanation, ScoredEntity
from gmf.data.batch import Batch
from gmf.inference.decoding import Decoded, Decoder, TagStates
from gmf.inference.exported_folder import (
    IMAGE_GRAPH,
    TAGGER_GRAPH,
    ExportInfo,
    external_data_of,
)
from gmf.prediction.onnx.crf import ArrayCrf

_DEVICE = re.compile(r"(cpu|cuda)(?::(\d+))?")
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
#: Optimisations that a CPU does without: the fused kernel of a sum and its normalisation takes
#: several times as long there as both kernels by themselves.
SLOWER = ["SkipLayerNormFusion"]
#: Microseconds that a thread waits for work before it sleeps; longer, it takes time from other
#: passes, and shorter, a pass of one post waits for its threads.
SPIN = "50"
#: Bytes of a graph below which the threads of a pass wait for each other longer than it pays: each
#: pass has one thread then, and as many passes are computed side by side.
SMALL = 60_000_000


class ArrayModel:
    """Runs the graphs of an exported model; the methods are those of ``MnerModel``.

    Args:
        folder: Folder of the exported model.
        info: What it says of itself.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``; ``auto`` takes CUDA when the runtime has
            it.
        num_threads: Threads to compute with; 0: see ``gmf.core.device.cpu_threads``.

    Raises:
        CheckpointError: If a graph cannot be loaded.
        ConfigError: If the runtime does not have the device, or cannot start it.
    """

    def __init__(
        self, folder: Path, *, info: ExportInfo, device: str = "auto", num_threads: int = 0
    ) -> None:
        self.info, self.uses_images = info, info.images is not None
        states = TagStates(TagSet(info.types), info.subword_labels, info.legal_moves)
        crf = ArrayCrf(
            np.asarray(info.crf.transitions),
            start=np.asarray(info.crf.start),
            end=np.asarray(info.crf.end),
            legal_moves=np.asarray(states.legal_moves),
            legal_starts=np.asarray(states.legal_starts),
            temperature=info.crf.temperature,
        )
        self.decoder: Decoder[np.ndarray] = Decoder(states, crf)
        providers = _providers(device)
        threads = num_threads or cpu_threads()
        on_cpu = len(providers) == 1
        graph = folder / TAGGER_GRAPH
        is_small = on_cpu and not external_data_of(graph).exists() and graph.stat().st_size < SMALL
        self._tagger = _session(graph, providers, 1 if is_small else threads)
        # What it cannot start the runtime leaves out, and computes on the CPU.
        if device != "auto" and providers[0][0] not in self._tagger.get_providers():
            raise ConfigError(f"device {device!r}: cannot be started here; use cpu or auto")
        self._images = (
            _session(folder / IMAGE_GRAPH, providers, threads) if self.uses_images else None
        )
        cores = threads or os.cpu_count() or 1
        #: Passes that are best computed side by side; of large graphs a second fills the gaps of
        #: the first.
        self.at_once = min(cores, cores if is_small else 2) if on_cpu else 1
        self._inputs = [node.name for node in self._tagger.get_inputs()]
        self._stages = [name for name in self._inputs if name.startswith("stage_map_")]

    def __call__(self, batch: Batch[np.ndarray]) -> Float[np.ndarray, "batch positions states"]:
        """Return the emissions of a batch."""
        fields = {
            **batch.text_inputs,
            "first_subword": batch.first_subword,
            "word_mask": batch.word_mask,
            "subword_words": batch.subword_words,
            **self._visual_fields(batch),
        }
        (emissions,) = self._tagger.run(None, {name: fields[name] for name in self._inputs})
        return np.asarray(emissions)

    def between(self, without: np.ndarray, real: np.ndarray, *, trust: float) -> np.ndarray:
        """Return emissions between those without and those with images; see ``ImageTrust``."""
        return without + np.float32(trust) * (real - without)

    def stage_maps(
        self, views: Float[np.ndarray, "views 3 height width"]
    ) -> dict[str, Float[np.ndarray, "views channels height width"]]:
        """Return the maps of distinct images that the tagger takes, by name.

        Raises:
            ConfigError: If the model reads no images.
        """
        if self._images is None:
            raise ConfigError(f"model {self.info.model}: reads text only")
        stages = self._images.run(self._stages, {"views": views})
        return {name: np.asarray(s) for name, s in zip(self._stages, stages, strict=True)}

    def decode(self, output: np.ndarray, batch: Batch[np.ndarray]) -> list[Decoded]:
        """Return tags and entities of every sample."""
        return self.decoder.decode(output, batch)

    def confidences(
        self,
        output: np.ndarray,
        batch: Batch[np.ndarray],
        entities: Sequence[Sequence[Entity | ScoredEntity]],
    ) -> list[tuple[ScoredEntity, ...]]:
        """Return the probability of given entities; see ``Decoder``."""
        return self.decoder.confidences(output, batch, entities)

    def explain(self, batch: Batch[np.ndarray]) -> list[Explanation]:
        """Return nothing of any sample: gates and attention stay inside the graph."""
        return [Explanation() for _ in batch.samples]

    def _visual_fields(self, batch: Batch[np.ndarray]) -> dict[str, np.ndarray]:
        side = self.info.images
        if side is None:
            return {}
        if batch.views is not None:
            maps = self.stage_maps(batch.views)
            index, is_region = batch.view_index, batch.view_is_region
            is_blank = batch.view_is_blank
        else:
            # Arrays of size 0 have crashed the runtime; one absent slot says the same.
            maps = {
                f"stage_map_{number}": np.zeros((1, *shape), np.float32)
                for number, shape in enumerate(side.stage_shapes)
            }
            index = np.full((len(batch), 1), -1, np.int64)
            is_region = is_blank = np.zeros((len(batch), 1), np.bool_)
        return {
            **maps,
            "view_index": index,
            "view_is_region": is_region,
            "view_is_blank": is_blank,
        }


def _providers(device: str) -> list[tuple[str, dict[str, int]]]:
    """Return the providers to try with their options, the device asked for first."""
    available = onnxruntime.get_available_providers()
    if device == "auto":
        device = "cuda" if _PROVIDERS["cuda"] in available else "cpu"
    match = _DEVICE.fullmatch(device)
    wanted = _PROVIDERS[match[1]] if match else ""
    if match is None or wanted not in available:
        raise ConfigError(
            f"device {device!r}: this ONNX Runtime has {', '.join(available)}; use cpu, or install "
            "onnxruntime-gpu for cuda"
        )
    cpu = (_PROVIDERS["cpu"], dict[str, int]())
    number = {"device_id": int(match[2])} if match[2] else {}
    return [cpu] if wanted == cpu[0] else [(wanted, number), cpu]


def _session(
    path: Path, providers: list[tuple[str, dict[str, int]]], num_threads: int
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.add_session_config_entry("session.intra_op.spin_duration_us", SPIN)
    # Faults are raised; printed beside it they would only come twice.
    options.log_severity_level = 4
    slower = SLOWER if len(providers) == 1 else None
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=providers, disabled_optimizers=slower
        )
    except Exception as error:  # The runtime's own exceptions share no base.
        raise CheckpointError(f"{path}: cannot be loaded ({error})") from error
