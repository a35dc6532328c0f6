import pytest

from gmf.core.errors import DataError
from gmf.models.dictionaries import read_clusters, read_gazetteers


def test_gazetteers_are_named_by_their_files(tmp_path):
    (tmp_path / "cities.txt").write_text("New  York\n\noslo\nOSLO\n")
    (tmp_path / "people.txt").write_text("Ann Lee\n")
    (tmp_path / "notes.md").write_text("no gazetteer\n")
    assert read_gazetteers(tmp_path) == {"cities": ("new york", "oslo"), "people": ("ann lee",)}


def test_a_folder_without_gazetteers_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"expected gazetteers, files NAME.txt"):
        read_gazetteers(tmp_path)


def test_clusters_are_bits_of_words(tmp_path):
    path = tmp_path / "paths"
    path.write_text("0010\toslo\t12\n01\tbergen\n")
    assert read_clusters(path) == {"oslo": "0010", "bergen": "01"}


@pytest.mark.parametrize("line", ["oslo\t0010", "0010 oslo", "0010\t", "\toslo"])
def test_a_broken_cluster_line_is_named(tmp_path, line):
    path = tmp_path / "paths"
    path.write_text(f"01\tbergen\n{line}\n")
    with pytest.raises(DataError, match=r"paths:2: expected bits, TAB, word"):
        read_clusters(path)
