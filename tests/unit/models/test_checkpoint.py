"""What a checkpoint's folder may and may not do."""

import json

import pytest

from gmf.core.errors import CheckpointError
from gmf.models.checkpoint import PROCESSOR, TOKENIZER, load_tagger
from gmf.testing import tiny_checkpoint


@pytest.mark.parametrize(
    ("folder", "file", "kind"),
    [
        (TOKENIZER, "tokenizer_config.json", "AutoTokenizer"),
        (PROCESSOR, "preprocessor_config.json", "AutoImageProcessor"),
    ],
)
def test_code_in_a_checkpoint_is_never_run_nor_asked_about(
    tmp_path, monkeypatch, folder, file, kind
):
    path = tiny_checkpoint(tmp_path / "checkpoint") / folder
    marker = tmp_path / "was run"
    (path / "foreign.py").write_text(f"open({str(marker)!r}, 'w')\nclass Foreign: pass\n")
    options = json.loads((path / file).read_text())
    names = ["foreign.Foreign", None] if folder == TOKENIZER else "foreign.Foreign"
    options |= {"auto_map": {kind: names}, "tokenizer_class": "Foreign"}
    options |= {"image_processor_type": "Foreign"}
    (path / file).write_text(json.dumps(options))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(CheckpointError, match="trust_remote_code"):
        load_tagger(path.parent)
    assert not marker.exists()
