"""Words of a raw post, with exact offsets: the tokenizer of own data and of prediction."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

import regex

from gmf.core.errors import DataError

#: Most characters of a text; a longer one is refused before it costs memory without bound.
MAX_TEXT = 1_000_000

# White space as ``str.isspace`` has it; \s leaves four separators out.
_SPACE = r"\s\x1c-\x1f"
_LINK = rf"(?:https?://|www\.)[^{_SPACE}<>\"]*[^{_SPACE}<>\"\p{{P}}]/?|(?:[a-z0-9-]{{1,63}}+\.){{1,8}}+[a-z]{{2,24}}/[\w/?=&%#~.-]*[\w/]"
_EMAIL = r"[\w.+-]{1,64}+@\w[\w-]*+(?:\.\w[\w-]*+)++"
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
# A flag by hand: \X counts all the letters of flags before it, so that many take long.
_FLAG = r"[\U0001F1E6-\U0001F1FF]{1,2}+\p{M}*+"
# \X is a grapheme cluster: an emoji with its skin tone, a joined family, a flag, a keycap.
_CLUSTER = rf"(?![{_SPACE}])\X"

#: White space between characters of what should be a word.
_BLANK = regex.compile(r"\S[ \t\r\n]+\S")
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
            _FLAG,
            _CLUSTER,
            rf"[^{_SPACE}]",
        )
    ),
    regex.IGNORECASE | regex.VERSION1,
)


# Tokenizers drop these: soft hyphens, zero-width spaces, marks of direction, controls.
# Joiners and the letters of flags hold emoji together.
_DROPPED = regex.compile(
    rf"[[\p{{C}}\ufffd]--[\p{{Cs}}{_SPACE}\u200c\u200d\U000E0020-\U000E007F]]+", regex.VERSION1
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
    Every character that is not white space belongs to exactly one token. Characters that tokenizers
    drop (soft hyphens, zero-width spaces, marks of direction) never split a word: between two
    words they are tokens, within one a part of it. Takes a time in proportion to the length.

    Args:
        text: The post.
        cuts: Character positions at which a token must end, such as entity boundaries.

    Returns:
        Tokens, and ``(start, end)`` of each: ``text[start:end] == token``.

    Raises:
        ValueError: If the text is longer than ``MAX_TEXT``.
    """
    check_length(len(text))
    cuts_in_order = sorted(set(cuts))
    offsets: list[tuple[int, int]] = []
    for start, end in _spans_of(text):
        inner = cuts_in_order[bisect_right(cuts_in_order, start) : bisect_left(cuts_in_order, end)]
        offsets += pairwise([start, *inner, end])
    return tuple(text[start:end] for start, end in offsets), tuple(offsets)


def check_length(characters: int) -> None:
    """Refuse a text, or words, of too many characters.

    Raises:
        ValueError: If there are more than ``MAX_TEXT``.
    """
    if characters > MAX_TEXT:
        raise ValueError(f"{characters} characters; expected at most {MAX_TEXT}: divide the text")


def _spans_of(text: str) -> Iterator[tuple[int, int]]:
    if not _DROPPED.search(text):
        yield from (match.span() for match in _TOKEN.finditer(text))
        return
    dropped = [match.span() for match in _DROPPED.finditer(text)]
    edges = [0, *(edge for span in dropped for edge in span), len(text)]
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    visible = "".join(text[start:end] for start, end in spans)
    # First visible character of each kept piece, and how many were dropped before it.
    begins = [0, *accumulate(end - start for start, end in spans)][:-1]
    shifts = [start - begin for (start, _), begin in zip(spans, begins, strict=True)]
    position, waiting = 0, iter((*dropped, (len(text), len(text))))
    gap = next(waiting)
    for match in _TOKEN.finditer(visible):
        start = match.start() + shifts[bisect_right(begins, match.start()) - 1]
        end = match.end() + shifts[bisect_right(begins, match.end() - 1) - 1]
        while gap[0] < start:
            if gap[0] >= position:
                yield gap
            gap = next(waiting)
        yield start, end
        position = end
    yield from (span for span in (gap, *waiting) if position <= span[0] < span[1])


def check_words(text: Iterable[object]) -> None:
    """Refuse a list under ``text`` that holds texts, such as a batch of posts, and not words.

    Raises:
        DataError: If most items have blanks inside; a few may, as "New York".
    """
    items = list(text)
    found = [item for item in items if isinstance(item, str) and _BLANK.search(item)]
    if 2 * len(found) > len(items):
        raise DataError(
            f"expected a text or a list of words, got a list of texts such as {found[0][:40]!r}: "
            "give each text as a post of its own",
            field="text",
        )
