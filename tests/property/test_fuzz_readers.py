"""Some hundreds of the inputs that ``benchmarks/fuzz_readers.py`` tries by the ten thousand."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "fuzz_readers.py"
spec = importlib.util.spec_from_file_location("fuzz_readers", PATH)
fuzz_readers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fuzz_readers)


@pytest.mark.parametrize("name", fuzz_readers.TARGETS)
def test_any_input_is_read_whole_or_refused_in_words(name):
    if name in ("input parquet", "input arrow"):
        pytest.importorskip("pyarrow")
    counts = fuzz_readers.fuzz(name, inputs=200)
    assert counts["inputs"] == 200
    assert not counts["refused without words"]
    assert counts["samples"] + counts["faults"] + counts["refused"] > 0
