from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.observed import possible_tags

TAGS = TagSet(("PER", "MISC"))


def allowed(samples):
    possible = possible_tags(samples, TAGS)
    return [[[n for n, may in zip(TAGS.names, w, strict=True) if may] for w in r] for r in possible]


def test_an_o_may_be_what_is_not_annotated_and_an_unknown_word_anything():
    partly = Sample("1", ("a", "b", "c"), ("B-PER", "O", "O"), annotated=("PER",), unknown=(2,))
    wholly = Sample("2", ("a",), ("I-MISC",))
    assert allowed([partly, wholly]) == [
        [["B-PER"], ["O", "B-MISC", "I-MISC"], list(TAGS.names)],
        [["I-MISC"], ["O"], ["O"]],
    ]


def test_what_tells_all_needs_no_table():
    assert possible_tags([Sample("1", ("a",), ("O",), annotated=("PER", "MISC"))], TAGS) is None
    assert possible_tags([Sample("1", ("a",))], TAGS) is None
