from hypothesis import given
from hypothesis import strategies as st

from gmf.core.tags import entities_of, mend_tags

TAGS = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-MISC"]), max_size=12)


@given(TAGS)
def test_repair_makes_the_strict_rule_count_what_the_lenient_one_counted(tags):
    mended, counts = mend_tags(tags)
    assert entities_of(mended, strict=True) == entities_of(mended) == entities_of(tags)
    assert mend_tags(mended) == (mended, {})
    assert counts.total() == sum(a != b for a, b in zip(tags, mended, strict=True))
