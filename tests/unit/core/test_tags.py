import pytest

from gmf.core.tags import TagSet, entities_of, is_legal_move, split_tag, tags_of
from gmf.core.types import Entity


def test_lenient_counts_a_stray_inside_tag_and_strict_does_not():
    tags = ["O", "I-PER", "I-PER", "B-LOC", "I-ORG"]
    assert entities_of(tags) == [Entity(1, 3, "PER"), Entity(3, 4, "LOC"), Entity(4, 5, "ORG")]
    assert entities_of(tags, strict=True) == [Entity(3, 4, "LOC")]


def test_tags_of_inverts_entities_of():
    tags = ["B-PER", "B-PER", "I-PER", "O", "B-LOC"]
    assert tags_of(entities_of(tags), 5) == tags


def test_overlap_is_an_error():
    with pytest.raises(ValueError, match="overlaps"):
        tags_of([Entity(0, 2, "PER"), Entity(1, 3, "LOC")], 3)


def test_bad_tag_names_the_form():
    with pytest.raises(ValueError, match=r"'PER'.*B-TYPE"):
        split_tag("PER")


def test_legal_moves():
    assert is_legal_move(None, "B-PER")
    assert is_legal_move("I-PER", "I-PER")
    assert not is_legal_move(None, "I-PER")
    assert not is_legal_move("O", "I-PER")
    assert not is_legal_move("B-LOC", "I-PER")


def test_tag_set_puts_the_papers_types_first():
    tags = TagSet.of(["O", "B-ORG", "I-ABC", "B-PER"])
    assert tags.types == ("PER", "ORG", "ABC")
    assert tags.names[:3] == ("O", "B-PER", "I-PER")
    assert len(tags) == 7
