"""Phrase grounding: the phrases of a post, looked for in its image.

Source: HVPNeT (Chen et al., 2022) grounds noun phrases; Grounding DINO (Liu et al., 2023) and OWLv2
(Minderer et al., 2023) do the grounding, through transformers.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

from gmf.core.config import Config
from gmf.core.types import Region
from gmf.data.proposers.base import RegionRequest
from gmf.data.proposers.detection import regions_of
from gmf.data.proposers.loading import freeze, load_pretrained
from gmf.data.proposers.naming import source_name
from gmf.data.proposers.phrases import phrase_finder
from gmf.data.proposers.words import ENTITY_WORDS
from gmf.encoders.module_digest import digest_of_module

HUB_MODELS = {
    "grounding-dino": "IDEA-Research/grounding-dino-tiny",
    "owlv2": "google/owlv2-base-patch16-ensemble",
}
_NOT_IN_QUERY = re.compile(r"[^\w\s'&-]+")


class GroundingConfig(Config):
    """Options of phrase grounding.

    Args:
        min_score: Lowest confidence of a box.
        min_text_score: Lowest confidence of the words of a box; Grounding DINO only.
        type_words: Looked for in every image besides the post's phrases.
        max_phrases: Most phrases of an image's posts to look for.
        phrases: Who finds them: ``spacy``, the built-in ``chunker``, or ``auto``: spaCy when it is
            installed.
    """

    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25
    min_text_score: Annotated[float, Field(ge=0, le=1)] = 0.25
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

    needs_picture, uses_text = True, True

    def __init__(
        self,
        name: str,
        *,
        model: str | None = None,
        config: GroundingConfig,
        device: torch.device | None = None,
    ) -> None:
        place = model if model is not None else HUB_MODELS[name]
        self.config, self._device = config, device or torch.device("cpu")
        finder, self._find_phrases = phrase_finder(config.phrases)
        self._is_dino = name == "grounding-dino"
        self._processor: Any = load_pretrained(AutoProcessor.from_pretrained, place)
        grounder = load_pretrained(AutoModelForZeroShotObjectDetection.from_pretrained, place)
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
        pictures = [requests[row].upright for row in rows]
        sizes = [(picture.height, picture.width) for picture in pictures]
        asked = [queries[row] for row in rows]
        ground = self._ground_with_dino if self._is_dino else self._ground_with_owl
        for row, found in zip(rows, ground(pictures, asked, sizes), strict=True):
            regions[row] = found
        return regions

    def _ground_with_dino(
        self, pictures: list[Any], queries: list[list[str]], sizes: list[tuple[int, int]]
    ) -> list[list[Region]]:
        sentences = [" ".join(f"{phrase}." for phrase in asked) for asked in queries]
        inputs = self._processor(
            images=pictures, text=sentences, padding=True, truncation=True, return_tensors="pt"
        ).to(self._device)
        outputs = self._model(**inputs)
        results = self._processor.post_process_grounded_object_detection(
            outputs,
            inputs["input_ids"],
            threshold=self.config.min_score,
            text_threshold=self.config.min_text_score,
            target_sizes=sizes,
        )
        return [
            regions_of(result, [best_query(words, asked) for words in result["text_labels"]])
            for result, asked in zip(results, queries, strict=True)
        ]

    def _ground_with_owl(
        self, pictures: list[Any], queries: list[list[str]], sizes: list[tuple[int, int]]
    ) -> list[list[Region]]:
        inputs = self._processor(
            images=pictures, text=queries, truncation=True, return_tensors="pt"
        ).to(self._device)
        outputs = self._model(**inputs)
        results = self._processor.post_process_grounded_object_detection(
            outputs, threshold=self.config.min_score, target_sizes=sizes
        )
        found: list[list[Region]] = []
        for result, asked in zip(results, queries, strict=True):
            # The shorter lists of a batch are padded with empty queries; they mean nothing.
            real = result["labels"] < len(asked)
            labels = [asked[int(n)] for n in result["labels"][real]]
            kept = {"boxes": result["boxes"][real], "scores": result["scores"][real]}
            found.append(regions_of(kept, labels))
        return found


def best_query(words: str, queries: Sequence[str]) -> str:
    """Return the query that shares most words with what a model grounded.

    Grounding DINO names the word pieces above its threshold, often a part of a phrase. Of equally
    good queries the one with the smallest rest wins; without any shared word, the words themselves.
    """
    said = set(words.replace(".", " ").split())
    scored = [(len(said & set(query.split())), -len(query.split()), query) for query in queries]
    shared, _, best = max(scored, key=lambda item: item[:2], default=(0, 0, words))
    return best if shared else words


def _plain(phrase: str) -> str:
    return " ".join(_NOT_IN_QUERY.sub(" ", phrase.lower()).split())
