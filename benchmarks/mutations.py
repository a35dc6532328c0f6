"""What a mutant of a Python file is: the changes that ``mutants.py`` draws from."""

import ast
import copy
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

#: What is mutated: what computes results, from samples on.
MUTATED = (
    "models",
    "training",
    "evaluation",
    "inference",
    "data/alignment.py",
    "data/segments.py",
    "data/collate.py",
    "data/views.py",
    "data/view_pixels.py",
    "data/batch.py",
)
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.MatMult: ast.Add,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
#: A mutant: file, line, kind, code before and after, and its number among those of the file.
Row = dict[str, Any]


def mutations(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """Yield a node, what replaces it, and the kind of change."""
    for node in _code(tree):
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
            yield node, _with(node, op=SWAPS[type(node.op)]()), "operator"
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            swapped = [SWAPS[type(node.ops[0])](), *node.ops[1:]]
            yield node, _with(node, ops=swapped), "operator"
        elif isinstance(node, ast.UnaryOp):
            yield node, node.operand, "sign or negation dropped"
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield node, ast.Constant(not node.value), "constant"
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield node, ast.Constant(node.value + 1), "constant"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node, ast.Constant(node.value * 2 or 0.5), "constant"
        elif isinstance(node, ast.If | ast.IfExp):
            for value in (True, False):
                yield node, _with(node, test=ast.Constant(value)), f"condition {value}"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node, ast.Pass(), "call dropped"
        elif isinstance(node, ast.comprehension) and node.ifs:
            yield node, _with(node, ifs=node.ifs[1:]), "filter dropped"
        if isinstance(node, ast.Call):
            yield from _changed_calls(node)


def _changed_calls(node: ast.Call) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    for number, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            rest = node.keywords[:number] + node.keywords[number + 1 :]
            yield node, _with(node, keywords=rest), f"argument {keyword.arg} dropped"
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield node, node.args[0], "function is identity"
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
        yield node, node.func.value, "method is identity"


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a module that compute: no annotations, docstrings, types, messages."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.AnnAssign):
            stack += [node.value] if node.value else []
            continue
        if isinstance(node, ast.arg | ast.Raise) or _is_type(node):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        yield node
        children: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, ast.FunctionDef):
            children = [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]
        stack += reversed(list(children))


def _is_type(node: ast.AST) -> bool:
    """Whether a subscript is a type in code, such as ``dict[str, int]``."""
    types = {"dict", "list", "tuple", "set", "Literal", "Callable", "Annotated", "Registry"}
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in types
    )


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def mutants_of(path: str, *, root: Path) -> list[Row]:
    """Return all mutants of a file, each with its number among them."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    return [
        {
            "path": path,
            # A comprehension has no line of its own.
            "line": getattr(node, "lineno", None) or node.target.lineno,
            "kind": kind,
            "before": _short(node),
            "after": _short(changed),
            "number": number,
        }
        for number, (node, changed, kind) in enumerate(mutations(tree))
    ]


def _short(node: ast.AST) -> str:
    return ast.unparse(node).strip().partition("\n")[0][:120]


def mutated(source: str, *, number: int) -> str:
    """Return the source with its mutant of that number."""
    tree = ast.parse(source)
    node, changed, _ = next(item for i, item in enumerate(mutations(tree)) if i == number)

    class Put(ast.NodeTransformer):
        def visit(self, here: ast.AST) -> ast.AST:
            return changed if here is node else self.generic_visit(here)

    return ast.unparse(ast.fix_missing_locations(Put().visit(tree)))


def draw(root: Path, *, count: int, seed: int) -> list[Row]:
    """Draw mutants: a kind first, then one of its kind, so that frequent kinds do not crowd out."""
    generator = random.Random(seed)
    kinds: dict[str, list[Row]] = {}
    for place in MUTATED:
        start = root / "src/gmf" / place
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start]:
            for mutant in mutants_of(str(path.relative_to(root)), root=root):
                kinds.setdefault(mutant["kind"].split()[0], []).append(mutant)
    drawn: list[Row] = []
    while len(drawn) < count and any(kinds.values()):
        group = kinds[generator.choice([kind for kind, rest in kinds.items() if rest])]
        drawn.append(group.pop(generator.randrange(len(group))))
    return drawn
