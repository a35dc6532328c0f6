import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gmf.core.tags import entities_of
from gmf.reading.json_rows import EntityRow
from gmf.reading.jsonl import tokenize_with_entities
from gmf.reading.tokenize import tokenize

PIECES = st.sampled_from(
    [
        *"aZ9 @#$&'’.-:/",
        "\u00a0",
        "\ufe0f",
        "\u200d",
        "\u0301",
        "👩",
        "🏽",
        "🇩",
        "🇪",
        "http://",
        "東",
        "ก",
        "\u20e3",
    ]
)
TEXT = st.text() | st.lists(PIECES).map("".join)


@given(TEXT)
def test_tokens_are_slices_that_cover_all_visible_characters(text):
    tokens, offsets = tokenize(text)
    assert [text[start:end] for start, end in offsets] == list(tokens)
    covered = [False] * len(text)
    previous = 0
    for start, end in offsets:
        assert previous <= start < end
        previous = end
        covered[start:end] = [True] * (end - start)
    assert all(c or text[i].isspace() for i, c in enumerate(covered))


@given(TEXT, st.data())
def test_cuts_end_tokens_and_change_nothing_else(text, data):
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=4))
    _, offsets = tokenize(text, cuts=cuts)
    assert not any(start < cut < end for cut in cuts for start, end in offsets)
    bounds = {bound for span in tokenize(text)[1] for bound in span}
    assert {bound for span in offsets for bound in span} - set(cuts) <= bounds


@st.composite
def labelled_texts(draw):
    text = draw(TEXT)
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    entities = []
    for start, end in zip(bounds[::2], bounds[1::2], strict=False):
        span = text[start:end]
        start, end = end - len(span.lstrip()), start + len(span.rstrip())
        if start < end:
            entities.append(
                EntityRow(char_start=start, char_end=end, type=draw(st.sampled_from(["PER", "A"])))
            )
    return text, tuple(entities)


@example(("\x1f", ()))
@given(labelled_texts())
def test_character_entities_survive_the_way_to_tags_and_back(case):
    text, entities = case
    if not text.strip():
        with pytest.raises(ValueError, match="visible character"):
            tokenize_with_entities(text, entities=entities)
        return
    tokens, offsets, tags = tokenize_with_entities(text, entities=entities)
    found = [(offsets[e.start][0], offsets[e.end - 1][1], e.type) for e in entities_of(tags)]
    assert found == [(e.char_start, e.char_end, e.type) for e in entities]
    assert len(tokens) == len(tags)
