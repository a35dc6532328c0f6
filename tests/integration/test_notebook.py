"""Every cell of the notebook runs, with tiny encoders in the place of real ones."""

import json
from pathlib import Path

from gmf.testing import save_tiny_encoders

NOTEBOOK = Path(__file__).parents[2] / "docs" / "first-steps.ipynb"


def test_every_cell_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, image = save_tiny_encoders(tmp_path / "encoders")
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names = {}
    for number, content in enumerate(code):
        exec(compile(content, f"cell {number}", "exec"), names)
        if "ENCODERS" in content:
            names["ENCODERS"] = {"text": str(text), "image": str(image)}
    assert len(code) == 8
    assert names["run"].epochs == 2
    assert (names["report"].rows, names["report"].documents) == (9, 9)
    assert (tmp_path / "first-steps" / "found.csv").exists()
