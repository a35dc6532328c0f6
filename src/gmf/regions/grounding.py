"""Phrase grounding: the phrases of a post, looked for in its image.

Source: HVPNeT (Chen et al., 2022) grounds noun phrases; Grounding DINO (Liu et al., 2023) and OWLv2
(Minderer et al., 2023) do the grounding, through transformers.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

from gmf.core.config import Config
from gmf.core.types import Region
from gmf.encoders.module_digest import digest_of_module
from gmf.regions.base import ProposerChoice, RegionRequest, source_name
from gmf.regions.closed_class_words import ENTITY_WORDS
from gmf.regions.detection import regions_of
from gmf.regions.phrases import phrase_finder
from gmf.regions.pretrained import freeze, load_pretrained

HUB_MODELS = {
    "grounding-dino": "IDEA-Research/grounding-dino-tiny",
    "owlv2": "google/owlv2-base-patch16-ensemble",
}
_NOT_IN_QUERY = re.compile(r"[^\w\s'&-]+")


class GroundingConfig(Config):
    """Options of phrase grounding.

    Args:
        min_score: Lowest confidence of a box.
        type_words: Looked for in every image besides the post's phrases.
        max_phrases: Most phrases of an image's posts to look for.
        phrases: Who finds them: ``spacy``, the built-in ``chunker``, or ``auto``: spaCy when it is
            installed.
    """

    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25
    type_words: tuple[str, ...] = tuple(ENTITY_WORDS.values())
    max_phrases: Annotated[int, Field(ge=0)] = 16
    phrases: Literal["auto", "spacy", "chunker"] = "auto"


class GroundingProposer:
    """Proposes where an image shows the phrases of its posts and the entity types.

    Args:
        name: ``grounding-dino`` or ``owlv2``: how to ask, and the default model on the hub.
        model: Folder or hub id of another model of that kind; ``None`` for the default.
        config: Options.
        device: Where it runs.

    Raises:
        EncoderError: If the model cannot be loaded.
        ConfigError: If phrases are to come from spaCy and it is not installed.
    """

    needs_picture = True

    def __init__(
        self,
        name: str,
        *,
        model: str | None = None,
        config: GroundingConfig,
        device: torch.device | None = None,
    ) -> None:
        source = model if model is not None else HUB_MODELS[name]
        self.config, self._device = config, device or torch.device("cpu")
        finder, self._find_phrases = phrase_finder(config.phrases)
        self._is_dino = name == "grounding-dino"
        self._processor: Any = load_pretrained(AutoProcessor.from_pretrained, source)
        grounder = load_pretrained(AutoModelForZeroShotObjectDetection.from_pretrained, source)
        self._model = freeze(grounder, self._device)
        processor = self._processor.image_processor.to_dict()
        settings = {**config.model_dump(), "phrases": finder, "processor": processor}
        self.source = source_name(name, digest_of_module(self._model), settings)

    def queries_of(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """Return what is looked for in an image: phrases of its posts, then the type words.

        All in small letters, without punctuation, without repeats.
        """
        phrases = [_plain(phrase) for text in texts for phrase in self._find_phrases(text)]
        chosen = [phrase for phrase in dict.fromkeys(phrases) if phrase]
        chosen = chosen[: self.config.max_phrases]
        return list(dict.fromkeys([*chosen, *map(_plain, self.config.type_words)]))

    @torch.inference_mode()
    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the grounded phrases of each image; the label is the phrase."""
        queries = [self.queries_of(request.texts) for request in requests]
        rows = [row for row, query in enumerate(queries) if query]
        regions: list[list[Region]] = [[] for _ in requests]
        if not rows:
            return regions
        images = [requests[row].upright for row in rows]
        sizes = [(image.height, image.width) for image in images]
        asked = [queries[row] for row in rows]
        ground = self._ground_with_dino if self._is_dino else self._ground_with_owl
        for row, regions_of_image in zip(rows, ground(images, asked, sizes), strict=True):
            regions[row] = regions_of_image
        return regions

    def _ground_with_dino(
        self, images: list[Any], queries: list[list[str]], sizes: list[tuple[int, int]]
    ) -> list[list[Region]]:
        sentences = [sentence_of(asked) for asked in queries]
        inputs = self._processor(
            images=images, text=sentences, padding=True, truncation=True, return_tensors="pt"
        ).to(self._device)
        outputs = self._model(**inputs)
        probabilities = outputs.logits.sigmoid().cpu()
        corners = _corners(outputs.pred_boxes.cpu())
        regions: list[list[Region]] = []
        for row, asked in enumerate(queries):
            height, width = sizes[row]
            positions = token_places(self._processor.tokenizer, asked)
            scores = probabilities[row].amax(dim=-1)
            confident = scores >= self.config.min_score
            labels = [
                best_query(probability, positions=positions, queries=asked)
                for probability in probabilities[row][confident]
            ]
            boxes = corners[row][confident] * torch.tensor([width, height, width, height])
            regions.append(regions_of({"boxes": boxes, "scores": scores[confident]}, labels))
        return regions

    def _ground_with_owl(
        self, images: list[Any], queries: list[list[str]], sizes: list[tuple[int, int]]
    ) -> list[list[Region]]:
        inputs = self._processor(
            images=images, text=queries, truncation=True, return_tensors="pt"
        ).to(self._device)
        outputs = self._model(**inputs)
        results = self._processor.post_process_grounded_object_detection(
            outputs, threshold=self.config.min_score, target_sizes=sizes
        )
        regions: list[list[Region]] = []
        for result, asked in zip(results, queries, strict=True):
            # The shorter lists of a batch are padded with empty queries; they mean nothing.
            real = result["labels"] < len(asked)
            labels = [asked[int(n)] for n in result["labels"][real]]
            named_boxes = {"boxes": result["boxes"][real], "scores": result["scores"][real]}
            regions.append(regions_of(named_boxes, labels))
        return regions


def sentence_of(queries: Sequence[str]) -> str:
    """Return the text in which Grounding DINO expects its queries: each ends with a full stop."""
    return " ".join(f"{query}." for query in queries)


def token_places(tokenizer: Any, queries: Sequence[str]) -> list[list[int]]:
    """Return which tokens of `sentence_of` belong to each query; none for one that was cut off.

    Args:
        tokenizer: A fast tokenizer that pads on the right.
        queries: What is looked for.
    """
    encoded = tokenizer(sentence_of(queries), return_offsets_mapping=True, truncation=True)
    positions: list[list[int]] = []
    start = 0
    for query in queries:
        end = start + len(query)
        positions.append(
            [
                position
                for position, (first, last) in enumerate(encoded["offset_mapping"])
                if first < last and start <= first and last <= end
            ]
        )
        start = end + len(". ")
    return positions


def best_query(
    probability: Float[Tensor, " tokens"],
    *,
    positions: Sequence[Sequence[int]],
    queries: Sequence[str],
) -> str:
    """Return the query with the most probable token; of equal ones the first.

    Args:
        probability: How well a box fits each token.
        positions: Tokens of each query.
        queries: What is looked for.
    """
    best = [max((float(probability[n]) for n in tokens), default=-1.0) for tokens in positions]
    return queries[best.index(max(best))]


def _corners(boxes: Float[Tensor, "batch boxes 4"]) -> Float[Tensor, "batch boxes 4"]:
    """Turn centre and size into corners."""
    centre, size = boxes.split(2, dim=-1)
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def _plain(phrase: str) -> str:
    return " ".join(_NOT_IN_QUERY.sub(" ", phrase.lower()).split())


def build_grounding(choice: ProposerChoice) -> GroundingProposer:
    """Objects that the words of the sample name, by a text-conditioned detector."""
    config = choice.parse(GroundingConfig)
    return GroundingProposer(choice.name, model=choice.model(), config=config, device=choice.device)
