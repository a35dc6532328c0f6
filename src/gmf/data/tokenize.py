"""Words of a raw post, with exact offsets: the tokenizer of own data and of prediction."""

from collections.abc import Iterable
from itertools import pairwise

import regex

# White space as ``str.isspace`` has it; \s leaves four separators out.
_SPACE = r"\s\x1c-\x1f"
_LINK = rf"(?:https?://|www\.)[^{_SPACE}<>\"]*[^{_SPACE}<>\"\p{{P}}]/?|(?:[a-z0-9-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}/[\w/?=&%#~.-]*[\w/]"
_EMAIL = r"[\w.+-]{1,64}@\w[\w-]*(?:\.\w[\w-]*)+"
_MENTION = r"(?<![\w@＠])[@＠]\w+"
_HASHTAG = r"(?<![\w#＃])[#＃]\w+"
_CASHTAG = r"(?<![\w$])\$[a-z]{1,6}\b"
_HTML_ENTITY = r"&(?:[a-z]{2,8}|\#[0-9]{1,7}|\#x[0-9a-f]{1,6});"
_EMOTICON = r"(?<![\w:;=])[:;=][-'o]?[()\[\]dp/|*](?!\w)|<3(?!\d)"
_NUMBER = r"\d+(?:[.,:/]\d+)+"
_ABBREVIATION = r"(?:\p{L}\.){2,}"
_POSSESSIVE = r"(?<=\w)['’]s\b"
# Scripts without spaces between words: one character is one token, as BERT splits them too.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD_CHARACTER = (
    r"[\w--\p{Han}--\p{Hiragana}--\p{Katakana}--\p{Thai}--\p{Lao}--\p{Khmer}--\p{Myanmar}]"
)
_WORD = rf"{_WORD_CHARACTER}+(?:['’](?!s\b){_WORD_CHARACTER}+)*"
_REPEATED = r"\.{2,}|!{2,}|\?{2,}|-{2,}"
# \X is a grapheme cluster: an emoji with its skin tone, a joined family, a flag, a keycap.
_CLUSTER = rf"(?![{_SPACE}])\X"

_TOKEN = regex.compile(
    "|".join(
        (
            _LINK,
            _EMAIL,
            _MENTION,
            _HASHTAG,
            _CASHTAG,
            _HTML_ENTITY,
            _EMOTICON,
            r"[0-9#*]\ufe0f?\u20e3",
            _NUMBER,
            _ABBREVIATION,
            _POSSESSIVE,
            _UNSPACED + r"\p{M}*",
            _WORD,
            _REPEATED,
            _CLUSTER,
            rf"[^{_SPACE}]",
        )
    ),
    regex.IGNORECASE | regex.VERSION1,
)


_INSIDE_WORD = regex.compile(rf"(?<={_WORD_CHARACTER}){_WORD_CHARACTER}", regex.VERSION1)


def is_inside_word(text: str, position: int) -> bool:
    """Return whether letters or digits of a script with spaces stand on both sides of a place."""
    return bool(_INSIDE_WORD.match(text, position))


def tokenize(
    text: str, *, cuts: Iterable[int] = ()
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Split a post into words.

    Links, e-mail addresses, ``@mentions``, ``#hashtags``, ``&amp;``, plain emoticons, numbers and
    emoji (joined sequences, skin tones, flags, keycaps) stay whole; a possessive ``'s`` and every
    other punctuation mark stand alone, hyphens included, so that ``US-China`` can hold two names.
    Every character that is not white space belongs to exactly one token.

    Args:
        text: The post.
        cuts: Character positions at which a token must end, such as entity boundaries.

    Returns:
        Tokens, and ``(start, end)`` of each: ``text[start:end] == token``.
    """
    wanted = sorted(set(cuts))
    offsets: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        inner = [cut for cut in wanted if start < cut < end] if wanted else []
        bounds = [start, *inner, end]
        offsets += pairwise(bounds)
    return tuple(text[start:end] for start, end in offsets), tuple(offsets)
