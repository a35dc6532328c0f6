"""No module has more than 300 lines, no function more than 40 beside signature and docstring."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = [path for folder in ("src", "demo") for path in (ROOT / folder).rglob("*.py")]


def lines_of(function):
    first = function.body[1 if ast.get_docstring(function) else 0 :]
    return function.end_lineno - first[0].lineno + 1 if first else 0


def test_modules_and_functions_can_be_read_at_once():
    assert len(MODULES) > 400
    long = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 300:
            long.append(f"{path}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > 40:
                long.append(f"{path}: {node.name}: {lines_of(node)} lines")
    assert long == []
