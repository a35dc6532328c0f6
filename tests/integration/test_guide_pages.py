"""Every block of the pages for beginners and for authors of parts runs, each page by itself.

In processes of their own: what a page registers must not be seen by other tests.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.corpus import write_corpus
from PIL import Image

from gmf.testing import save_tiny_encoders

ROOT = Path(__file__).parents[2]
RUNNER = ROOT / "tests" / "fixtures" / "run_page.py"
PAGES = [
    "start",
    "data",
    "training",
    "public-names",
    "extend/index",
    "extend/model",
    "extend/metric",
    "extend/encoders",
    "extend/reader",
    "extend/formats",
    "extend/input",
    "extend/proposer",
    "extend/describer",
    "extend/command",
]


@pytest.fixture
def place(tmp_path):
    """A folder with what the pages name: data, an image, encoders."""
    write_corpus(tmp_path / "data")
    post = "Ann\tB-person\nat\tO\nAcme\tB-company\nDune\tB-work\nnow\tB-date\n"
    (tmp_path / "more").mkdir()
    for split in ("train", "dev"):
        (tmp_path / "more" / f"{split}.txt").write_text(f"{post}\n" * 4)
    Image.new("RGB", (40, 40), "red").save(tmp_path / "rocky.jpg")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page, place):
    save_tiny_encoders(place)
    done = subprocess.run(
        [sys.executable, "-P", str(RUNNER), str(ROOT / "docs" / f"{page}.md"), str(place)],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "{'python': 0, 'sh': 0}" not in done.stdout


def test_every_page_with_code_is_run_by_a_test():
    tests, everywhere = (
        "".join(path.read_text() for path in sorted(folder.rglob("test_*.py")))
        for folder in (ROOT / "tests" / "integration", ROOT / "tests")
    )
    pages = [path for path in (ROOT / "docs").rglob("*.md") if "decisions" not in path.parts]
    assert len(pages) > 20
    for page in pages:
        if re.search(r"```python\n", page.read_text(encoding="utf-8")):
            name = str(page.relative_to(ROOT / "docs").with_suffix(""))
            assert f'"{name}"' in tests or f"{name}.md" in everywhere, (
                f"{name}: no test runs its code"
            )
