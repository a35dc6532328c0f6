"""A model from a file of the user, in processes that did not name the file."""

import copy
import pickle
import sys

import pytest

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.registry import CODE_VARIABLE, load_code
from gmf.models.registry import models
from gmf.prediction.pipeline import load
from gmf.testing import tiny_checkpoint

CODE = """
from gmf.models.baselines.bert import BertTagger
from gmf.models.registry import models

@models.register("of-a-file")
class OfAFile(BertTagger):
    pass
"""


@pytest.fixture
def code(tmp_path, monkeypatch):
    monkeypatch.setenv(CODE_VARIABLE, "")
    monkeypatch.setattr(models, "_registered", {})
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    load_code(path)
    return path


@pytest.fixture
def elsewhere(code, monkeypatch):
    """Forget the file, as a process does that was not told of it."""

    def forget():
        monkeypatch.setenv(CODE_VARIABLE, "")
        models._registered.clear()
        for name in [name for name in sys.modules if name.startswith("gmf_code_mine")]:
            del sys.modules[name]

    return forget


def test_a_pickled_pipeline_brings_the_names_of_its_files(code, elsewhere, tmp_path):
    nlp = load(tiny_checkpoint(tmp_path / "run", "of-a-file"), device="cpu")
    text, expected = pickle.dumps(nlp), nlp("Rocky in Oslo")
    elsewhere()
    assert pickle.loads(text)("Rocky in Oslo") == expected
    assert copy.copy(nlp)("Rocky in Oslo") == expected
    elsewhere()
    code.unlink()
    with pytest.raises(CheckpointError, match=r"comes from .*load_code.*GMF_CODE=FILE"):
        pickle.loads(text)


def test_what_the_environment_names_is_read_where_a_model_needs_it(
    code, elsewhere, tmp_path, monkeypatch
):
    folder = tiny_checkpoint(tmp_path / "run", "of-a-file")
    elsewhere()
    monkeypatch.setenv(CODE_VARIABLE, str(code))
    assert load(folder, device="cpu").engine.name == "of-a-file"
    elsewhere()
    monkeypatch.setenv(CODE_VARIABLE, str(tmp_path / "absent.py"))
    with pytest.raises(ConfigError, match=r"--code .*absent.py: expected a Python file"):
        load(folder, device="cpu")
    load(tiny_checkpoint(tmp_path / "own", "bert"), device="cpu")
