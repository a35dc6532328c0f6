"""A few inputs of ``benchmarks/fuzz_importers.py``, always the same ones."""

import importlib.util
from pathlib import Path

import pytest

from gmf.exchange.formats import document_formats

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "fuzz_importers.py"


@pytest.mark.parametrize("name", document_formats)
def test_damaged_files_are_read_right_or_refused(tmp_path, name):
    pytest.importorskip("pyarrow")
    pytest.importorskip("spacy")
    spec = importlib.util.spec_from_file_location("fuzz_importers", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    counts = script.run(name, inputs=25, seed=7, folder=tmp_path)
    assert sum(counts.values()) == 25
    assert counts["read"] + counts["faults"] + counts["refused"] > 15
    assert not counts["refused without words"]
