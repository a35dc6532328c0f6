"""Draw the floors of the package from import-linter's contract: ``docs/images/floors.svg``."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "images" / "floors.svg"
WIDTH, HEIGHT, GAP, MARGIN = 720, 34, 8, 16
_STYLE = "font: 14px system-ui, sans-serif; text-anchor: middle; dominant-baseline: central"


def floors() -> list[list[str]]:
    """Return the rooms of each floor, from the top, as import-linter checks them."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(
        c for c in content["tool"]["importlinter"]["contracts"] if c["type"] == "layers"
    )
    rows = [layer.replace("|", ":").split(":") for layer in contract["layers"]]
    names = [[name.strip().strip("()") for name in row] for row in rows]
    return [[name for name in row if not name.startswith("_")] for row in names]


def drawing() -> str:
    """Return the floors as SVG that can be read on light and on dark pages."""
    rows = [row for row in floors() if row]
    height = 2 * MARGIN + len(rows) * (HEIGHT + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        "<title>Floors of the package gmf</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#f4f6f8"/>',
    ]
    for number, row in enumerate(rows):
        y = MARGIN + number * (HEIGHT + GAP)
        width = (WIDTH - 2 * MARGIN - (len(row) - 1) * GAP) / len(row)
        for place, name in enumerate(row):
            x = MARGIN + place * (width + GAP)
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT}" rx="6" '
                f'fill="#dbe7f5" stroke="#7f9dbf"/>'
                f'<text x="{x + width / 2:.1f}" y="{y + HEIGHT / 2:.0f}" fill="#14283c" '
                f'style="{_STYLE}">{name}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    TARGET.write_text(drawing(), encoding="utf-8")
