"""The tokenizer of a text encoder, ready for words that are already separated."""

from typing import Any, cast

from tokenizers import normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from gmf.core.errors import EncoderError
from gmf.encoders.resolve import hub_error, resolve_encoder

#: Words whose subwords must be those of the same words in running text.
_WORDS = ["a", "b", "it's", "C3"]


def load_tokenizer(name: str) -> PreTrainedTokenizerFast:
    """Load a tokenizer that gives separated words the subwords that they have in running text.

    Byte-level tokenizers (RoBERTa, ModernBERT) mark the beginning of a word by the space before
    it, which separated words lack; such a tokenizer is made to put it there.

    Args:
        name: Packaged name, local folder or hub id of a text encoder.

    Raises:
        EncoderError: If it cannot be found or fetched, cannot tell which subword belongs to which
            word, has no padding token, or splits separated words otherwise than running text.
    """
    tokenizer = _load(name)
    fault = None
    if not tokenizer.is_fast:
        fault = "cannot tell which subword belongs to which word; expected a fast tokenizer"
    elif tokenizer.pad_token_id is None:
        fault = "has no padding token"
    if fault is not None:
        raise EncoderError(f"tokenizer of {name} ({type(tokenizer).__name__}): {fault}")
    running_text = tokenizer(" " + " ".join(_WORDS))["input_ids"]
    if _ids_of_words(tokenizer) != running_text:
        tokenizer = _load(name, add_prefix_space=True)
    if _ids_of_words(tokenizer) != running_text:
        # Some tokenizers are read whole from a file and ignore the option.
        backend: Any = tokenizer.backend_tokenizer
        prefix = normalizers.Prepend(" ")
        inner = [] if backend.normalizer is None else [backend.normalizer]
        backend.normalizer = normalizers.Sequence([prefix, *inner])
    if _ids_of_words(tokenizer) != running_text:
        raise EncoderError(
            f"tokenizer of {name} ({type(tokenizer).__name__}): splits the separated words "
            f"{_WORDS} otherwise than the same words in running text, so its encoder would read "
            "words that it never saw in pretraining"
        )
    return tokenizer


def _load(name: str, **options: bool) -> PreTrainedTokenizerFast:
    try:
        tokenizer = AutoTokenizer.from_pretrained(resolve_encoder(name), **options)
    except (OSError, ValueError) as error:
        raise hub_error(name, error) from error
    return cast(PreTrainedTokenizerFast, tokenizer)


def _ids_of_words(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    return cast(list[int], tokenizer(_WORDS, is_split_into_words=True)["input_ids"])
