"""What an exported folder says of itself, and what is said of a bad one."""

import pytest

import gmf
from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.extras import require_extra
from gmf.inference.exported_folder import (
    TAGGER_GRAPH,
    TOKENIZER,
    CrfScores,
    ExportInfo,
    is_exported,
    read_info,
    write_info,
)


def info(**options):
    row = (0.1, -1e4, 1 / 3)
    crf = CrfScores(transitions=(row, row, row), start=row, end=row)
    return ExportInfo(
        model="bert-crf",
        types=("PER",),
        subword_labels="first",
        crf=crf,
        text_inputs=("input_ids", "attention_mask"),
        unknown_token="[UNK]",
        max_subwords=128,
        missing_image="mask",
        provenance={"encoders": {"text": "tiny"}},
        **options,
    )


def test_what_is_written_is_read_to_the_last_digit(tmp_path):
    (tmp_path / TAGGER_GRAPH).touch()
    (tmp_path / TOKENIZER).touch()
    assert not is_exported(tmp_path)
    write_info(tmp_path, info())
    assert is_exported(tmp_path)
    assert read_info(tmp_path) == info()


def test_an_incomplete_folder_names_what_is_absent(tmp_path):
    write_info(tmp_path, info())
    (tmp_path / TAGGER_GRAPH).touch()
    with pytest.raises(CheckpointError, match=r"incomplete, tokenizer\.json absent; export again"):
        gmf.load(tmp_path)


def test_another_version_is_refused(tmp_path):
    write_info(tmp_path, info())
    path = tmp_path / "export.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(CheckpointError, match=r"not written by this version.*format"):
        read_info(tmp_path)


def test_scores_that_do_not_fit_the_types_are_refused(tmp_path):
    write_info(tmp_path, info())
    path = tmp_path / "export.json"
    path.write_text(path.read_text().replace('"PER"', '"PER", "LOC"'))
    with pytest.raises(CheckpointError, match="expected scores of 5 states"):
        read_info(tmp_path)


def test_no_json_is_refused(tmp_path):
    (tmp_path / "export.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"export\.json: not written by this version"):
        read_info(tmp_path)


def test_damaged_files_are_named(tmp_path):
    write_info(tmp_path, info())
    (tmp_path / TAGGER_GRAPH).write_bytes(b"junk")
    (tmp_path / TOKENIZER).write_bytes(b"{}")
    with pytest.raises(CheckpointError, match=r"tagger\.onnx: cannot be loaded"):
        gmf.load(tmp_path)


def test_an_absent_library_is_named_with_what_installs_it():
    require_extra("json", extra="onnx", purpose="x")
    with pytest.raises(ConfigError, match=r"x needs nonesuch; run pip install 'gmf\[onnx\]'"):
        require_extra("json", "nonesuch", extra="onnx", purpose="x")
