"""Captions by a model of transformers that turns images into text."""

from collections.abc import Sequence
from typing import Annotated, Any

import torch
from PIL import Image
from pydantic import Field
from transformers import AutoModelForImageTextToText, AutoProcessor

from gmf.context.base import DescriberChoice
from gmf.core.config import Config
from gmf.encoders.module_digest import digest_of_module
from gmf.regions.base import source_name
from gmf.regions.pretrained import freeze, load_pretrained

HUB_MODEL = "Salesforce/blip-image-captioning-base"


class CaptionConfig(Config):
    """Options of captions.

    Args:
        field: Field of the context that they are of.
        prompt: What the model is asked, or what the caption begins with, where the model takes it.
        max_tokens: Most tokens of a caption.
        beams: Captions that the search follows at once.
    """

    field: str = "caption"
    prompt: str = ""
    max_tokens: Annotated[int, Field(ge=1)] = 40
    beams: Annotated[int, Field(ge=1)] = 3


class Captioner:
    """Describes images by a generative model, without sampling.

    Args:
        model: Folder or hub id.
        config: Options.
        device: Where it runs.

    Raises:
        EncoderError: If the model cannot be loaded.
    """

    def __init__(self, model: str, *, config: CaptionConfig, device: torch.device) -> None:
        self.field, self._config, self._device = config.field, config, device
        self._processor: Any = load_pretrained(AutoProcessor.from_pretrained, model, advice=ADVICE)
        loaded = load_pretrained(AutoModelForImageTextToText.from_pretrained, model, advice=ADVICE)
        self._model = freeze(loaded, device)
        processor = self._processor.image_processor.to_dict()
        settings = {**config.model_dump(), "processor": processor}
        self.source = source_name("captioner", digest_of_module(self._model), settings)

    @torch.inference_mode()
    def describe(self, images: Sequence[Image.Image]) -> list[str]:
        """Return a caption of each image."""
        inputs = self._inputs(list(images)).to(self._device)
        tokens = self._model.generate(
            **inputs,
            max_new_tokens=self._config.max_tokens,
            num_beams=self._config.beams,
            do_sample=False,
        )
        if self._chats:
            tokens = tokens[:, inputs["input_ids"].shape[1] :]
        texts = self._processor.batch_decode(tokens, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]

    @property
    def _chats(self) -> bool:
        return bool(getattr(self._processor, "chat_template", None))

    def _inputs(self, images: list[Image.Image]) -> Any:
        """Return what the model reads: a conversation where it holds one, else the prompt."""
        prompt = self._config.prompt
        if self._chats:
            content = [
                {"type": "image"},
                {"type": "text", "text": prompt or "Describe this image in one sentence."},
            ]
            text = self._processor.apply_chat_template(
                [{"role": "user", "content": content}], add_generation_prompt=True
            )
            return self._processor(
                images=[[image] for image in images],
                text=[text] * len(images),
                padding=True,
                return_tensors="pt",
            )
        texts = {"text": [prompt] * len(images)} if prompt else {}
        return self._processor(images=images, **texts, return_tensors="pt")


ADVICE = (
    "give the folder of a model with --from; captions that exist already are read from "
    "context.jsonl beside the data"
)


def build_captioner(choice: DescriberChoice) -> Captioner:
    """Captions by an image-to-text model of transformers, such as BLIP."""
    model = choice.model() or HUB_MODEL
    return Captioner(model, config=choice.parse(CaptionConfig), device=choice.device)
