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
    pieces = common_pieces([(0, 2), (3, 5), (6, 8)], [(0, 5), (6, 7), (7, 8)], text="ab cd ef")
    assert pieces == (
        [(0, 2), (3, 5), (6, 7), (7, 8)],
        [0, 1, 2, 2],
        [0, 0, 1, 2],
    )
    # One side has it with the word before, the other with the word behind.
    assert common_pieces([(0, 1), (1, 3)], [(0, 2), (2, 3)], text="a b")[0] == [(0, 1), (2, 3)]
    # What is no white space stays, and so does a word that is nothing else.
    assert common_pieces([(0, 1), (2, 3)], [(0, 3)], text="a-b")[1] == [0, None, 1]
    assert common_pieces([(0, 1), (1, 2), (2, 3)], [(0, 1)], text="a b")[2] == [0, None, None]
    # Words of one side that lie wholly before the next of the other are passed over.
    pieces = common_pieces([(0, 1), (2, 3), (4, 5), (6, 7)], [(6, 7)], text="a b c d")
    assert pieces == ([(0, 1), (2, 3), (4, 5), (6, 7)], [0, 1, 2, 3], [None, None, None, 0])


def test_what_one_side_lacks_inside_an_entity_does_not_cut_it():
    labels = ["B-LOC", "I-LOC", "B-LOC", "I-PER", "O"]
    assert spread_labels(labels, [0, None, 1, None, 2, None, 3, None, 4]) == (
        *("B-LOC", "I-LOC", "I-LOC"),
        *("O", "B-LOC", "O", "I-PER", "O", "O"),
    )
    assert spread_labels(["i-PER", "I-PER"], [None, 0, 0, None, 1, None]) == (
        *("O", "i-PER", "I-PER", "I-PER", "I-PER", "O"),
    )
