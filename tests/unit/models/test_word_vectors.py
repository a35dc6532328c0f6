import numpy as np
import pytest

from gmf.core.errors import DataError
from gmf.models.word_vectors import read_word_vectors

GLOVE = "the 0.1 0.2 0.3\noslo 1 2 3\n. . . 4 5 6\nann\u0085 7 8 9\nthe 9 9 9\n"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "vectors.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_glove_file_has_no_header_and_words_may_hold_spaces(write):
    vectors = read_word_vectors(write(GLOVE), wanted=set(), first=10)
    assert list(vectors.index) == ["the", "oslo", ". . .", "ann\u0085"]
    assert vectors.dim == 3
    np.testing.assert_allclose(vectors.matrix[2], [4, 5, 6])
    np.testing.assert_allclose(vectors.find("the"), [0.1, 0.2, 0.3])


def test_word2vec_header_gives_the_width_and_trailing_spaces_are_no_field(write):
    path = write("2 2\nthe 0.1 0.2 \r\nnew york 3 4 \n")
    vectors = read_word_vectors(path, wanted=set(), first=10)
    assert list(vectors.index) == ["the", "new york"]


def test_wanted_words_are_kept_wherever_they_stand(write):
    vectors = read_word_vectors(write(GLOVE), wanted={"ann\u0085"}, first=1)
    assert list(vectors.index) == ["the", "ann\u0085"]


def test_lookup_falls_back_on_lower_case(write):
    vectors = read_word_vectors(write("oslo 1 2\nUS 3 4\nus 5 6\n"), wanted=set(), first=9)
    np.testing.assert_allclose(vectors.find("Oslo"), [1, 2])
    np.testing.assert_allclose(vectors.find("US"), [3, 4])
    assert vectors.find("Bergen") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the 1 2\noslo 1\n", r"vectors.txt:2: expected a word and 2 numbers, got 2 fields"),
        ("the 1 2\noslo 1 x\n", r"vectors.txt:2: expected 2 numbers"),
        ("the 1 2\noslo 1 nan\n", r"vectors.txt:2: expected finite numbers"),
        ("the 1 2\n\n", r"vectors.txt:2: expected a word and 2 numbers"),
        ("many words\n", r"vectors.txt:1: expected a header of word2vec"),
        (b"the 1 2\n\xff\xfe 1 2\n", r"vectors.txt:2: expected UTF-8 text"),
        ("", r"vectors.txt: expected lines of a word and its numbers, got none"),
    ],
)
def test_faults_name_file_and_line(write, text, message):
    with pytest.raises(DataError, match=message):
        read_word_vectors(write(text), wanted=set(), first=10)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none.txt: cannot be read \(No such file"):
        read_word_vectors(tmp_path / "none.txt", wanted=set(), first=10)
