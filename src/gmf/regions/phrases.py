"""Noun phrases of a post: what phrase grounding looks for.

Source: HVPNeT (Chen et al., Findings of NAACL 2022) grounds the noun phrases of the sentence, and
the entity types' names where it has none.
"""

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from gmf.core.errors import ConfigError
from gmf.core.extras import require_extra
from gmf.regions.closed_class_words import BREAKING_WORDS

#: Words of a post to its phrases, in order of occurrence.
PhraseFinder = Callable[[Sequence[str]], list[str]]
MAX_PHRASE_WORDS = 4
_SPACY_MODEL = "en_core_web_sm"
_NOT_A_WORD = re.compile(r"https?:|www\.|[@＠].|\w+://")
_WORD = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def chunk_phrases(tokens: Sequence[str]) -> list[str]:
    """Return phrases found without a language model.

    A phrase is a run of at most four words between punctuation, function words, common verbs,
    mentions and links. Hashtags count as words, split where small letters meet capitals. Where the
    post has phrases with a capital after their post's first word, only these are names worth
    looking for; else all are returned.

    Args:
        tokens: Words of the post.
    """
    runs: list[list[str]] = [[]]
    for token in tokens:
        words = _words_of(token)
        if not words:
            runs.append([])
        runs[-1] += words
    phrases = [run[start : start + MAX_PHRASE_WORDS] for run in runs for start in _starts(run)]
    phrases = [phrase for phrase in phrases if any(len(word) > 1 for word in phrase)]
    names = [phrase for phrase in phrases if any(word[0].isupper() for word in phrase)]
    return _distinct(" ".join(phrase) for phrase in names or phrases)


def spacy_phrases(model: str = _SPACY_MODEL) -> PhraseFinder:
    """Return a finder that reads noun chunks from a spaCy pipeline.

    Args:
        model: Name of an installed pipeline with a parser.

    Raises:
        ConfigError: If spaCy or the pipeline is not installed.
    """
    require_extra("spacy", extra="spacy", purpose="phrases=spacy")
    if importlib.util.find_spec(model) is None:
        raise ConfigError(
            f"phrases=spacy needs the pipeline {model}; run python -m spacy download {model}, or "
            "choose phrases=chunker"
        )
    spacy: Any = importlib.import_module("spacy")
    pipeline = spacy.load(model, exclude=["ner", "lemmatizer"])

    def find(tokens: Sequence[str]) -> list[str]:
        words = [token.lstrip("#") for token in tokens if not _NOT_A_WORD.match(token)]
        document = spacy.tokens.Doc(pipeline.vocab, words=[word for word in words if word.strip()])
        for _, part in pipeline.pipeline:
            document = part(document)
        chunks = [
            " ".join(word.text for word in chunk if word.pos_ not in ("DET", "PRON", "PUNCT"))
            for chunk in document.noun_chunks
        ]
        return _distinct(chunk for chunk in chunks if chunk)

    return find


def phrase_finder(kind: Literal["auto", "spacy", "chunker"]) -> tuple[str, PhraseFinder]:
    """Return the name of a finder and the finder.

    Args:
        kind: ``auto`` takes spaCy when it and its pipeline are installed, else the built-in one.

    Raises:
        ConfigError: If spaCy is asked for and not installed.
    """
    if kind == "chunker":
        return "chunker", chunk_phrases
    try:
        return "spacy", spacy_phrases()
    except ConfigError:
        if kind == "spacy":
            raise
        return "chunker", chunk_phrases


def _words_of(token: str) -> list[str]:
    """Return the words that a token adds to a phrase; none when it breaks one."""
    if _NOT_A_WORD.match(token):
        return []
    is_hashtag = token[:1] in ("#", "＃") and len(token) > 1
    bare = token[1:] if is_hashtag else token
    if not _WORD.fullmatch(bare) or bare.isdigit() or bare.lower() in BREAKING_WORDS:
        return []
    return _CAMEL.sub(" ", bare).split() if is_hashtag else [bare]


def _starts(run: list[str]) -> range:
    return range(0, len(run), MAX_PHRASE_WORDS)


def _distinct(phrases: Iterable[str]) -> list[str]:
    texts: dict[str, str] = {}
    for phrase in phrases:
        texts.setdefault(phrase.lower(), phrase)
    return list(texts.values())
