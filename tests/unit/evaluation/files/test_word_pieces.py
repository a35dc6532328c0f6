"""Words that two sides cut differently."""

import pytest

from gmf.evaluation.files.word_pieces import common_pieces, cut_at, locate, spread_labels


def test_tokens_are_found_one_after_the_other_or_named():
    assert locate(["a", "bc", "a"], "a  bca") == [(0, 1), (3, 5), (5, 6)]
    with pytest.raises(ValueError, match="token 'a' does not occur in the text after character 3"):
        locate(["a", "b", "a"], "a b c")


def test_spans_are_cut_inside_them_only():
    assert cut_at([(0, 4), (5, 8)], [2, 0, 4, 6, 7, 2]) == (
        [(0, 2), (2, 4), (5, 6), (6, 7), (7, 8)],
        [0, 0, 1, 1, 1],
    )


def test_later_pieces_of_a_word_continue_its_label():
    assert spread_labels(["B-PER", None, "X", "B-LOC"], [0, 0, 1, None, 2, 2, 3]) == (
        "B-PER",
        "I-PER",
        None,
        "O",
        "X",
        "X",
        "B-LOC",
    )


def test_common_pieces_know_the_word_of_either_side():
    pieces = common_pieces([(0, 2), (3, 5), (6, 8)], [(0, 5), (6, 7), (7, 8)])
    assert pieces == (
        [(0, 2), (2, 3), (3, 5), (6, 7), (7, 8)],
        [0, None, 1, 2, 2],
        [0, 0, 0, 1, 2],
    )
    # Words of one side that lie wholly before the next of the other are passed over.
    pieces = common_pieces([(0, 1), (2, 3), (4, 5), (6, 7)], [(6, 7)])
    assert pieces == ([(0, 1), (2, 3), (4, 5), (6, 7)], [0, 1, 2, 3], [None, None, None, 0])
