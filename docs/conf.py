"""The documentation site: ``make docs``. Its source is the repository, so links are paths."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

from gmf.core.version import __version__  # noqa: E402

project = "gmf"
author = "The gmf maintainers"
copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["docs/**", "benchmarks/results/**", "*.md"]
exclude_patterns = ["README.md", "docs/_site", "docs/_static", ".venv", "site", "demo-output"]

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
# Links to folders and to code are files of the repository, not pages.
suppress_warnings = ["myst.strikethrough"]

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_maximum_signature_line_length = 70

html_theme = "furo"
html_title = f"gmf {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_site"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False


#: Kept out of these files, which are read on GitHub too.
_TABLES_OF_CONTENTS = {
    "docs/decisions/README": "0*",
    "benchmarks/results/README": "*\nsuite*/README\nsuite*/*",
}


def _write_reference(_: object, page: str, source: list[str]) -> None:
    """Put the generated part of a reference page in place of its marker."""
    import reference_pages

    makers = {
        "docs/reference/options": reference_pages.options_page,
        "docs/reference/commands": reference_pages.commands_page,
        "docs/reference/modules": reference_pages.modules_page,
    }
    if page.startswith("benchmarks/") and not source[0].startswith("# "):
        source[0] = f"# {page.rpartition('/')[2].replace('-', ' ').capitalize()}\n\n{source[0]}"
    if page in _TABLES_OF_CONTENTS:
        pages = _TABLES_OF_CONTENTS[page]
        source[0] += f"\n```{{toctree}}\n:maxdepth: 1\n:glob:\n\n{pages}\n```\n"
    if page in makers:
        source[0] = source[0].replace("<!-- generated -->", makers[page]())


def setup(app: Any) -> None:
    """Connect what writes the reference pages."""
    app.connect("source-read", _write_reference)
