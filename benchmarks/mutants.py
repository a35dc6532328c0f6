"""Random mutants of the code, each tried on the tests that run its line: do they notice?

    OMP_NUM_THREADS=1 pytest -n 2 --cov --cov-context=test --junitxml=times.xml
    python benchmarks/mutants.py --coverage .coverage --times times.xml --count 300 --seed 1 \\
        --out benchmarks/results/mutants.jsonl

A mutant survives when none of these tests fails, the quickest first, and at most ``--seconds`` of
them; so does one on a line that no test runs. The work tree is not touched: each job has a copy of
its own. The same command goes on where a killed one stopped. Survivors that change no behaviour are
told apart by hand: a row's field ``reason`` is kept.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from coverage import CoverageData

ROOT = Path(__file__).parents[1]
#: What is mutated by default: what computes results.
PLACES = (
    "src/gmf/models",
    "src/gmf/training",
    "src/gmf/evaluation",
    "src/gmf/inference",
    "src/gmf/data/alignment.py",
    "src/gmf/data/collate.py",
    "src/gmf/data/views.py",
    "src/gmf/data/batch.py",
)
#: Imported once, before the tests of each mutant run in a fork.
LIBRARIES = (
    "torch",
    "transformers",
    "accelerate",
    "hypothesis",
    "pydantic",
    "typer",
    "PIL.Image",
    "scipy",
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
}


@dataclass(frozen=True)
class Mutant:
    """A change of one place.

    Args:
        path: File, relative to the root.
        line: First line of the changed statement or expression.
        kind: What was done to it.
        before: The code before.
        after: The code after.
        number: Its number among the mutants of the file.
    """

    path: str
    line: int
    kind: str
    before: str
    after: str
    number: int


def mutations(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """Yield a node, what replaces it, and the kind of change; annotations and docstrings stay."""
    for node in _code(tree):
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
            yield _swapped(node, op=SWAPS[type(node.op)]())
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield _swapped(node, ops=[SWAPS[type(node.ops[0])](), *node.ops[1:]])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
            yield node, node.operand, "sign or negation dropped"
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, bool):
                yield node, ast.Constant(not node.value), "constant"
            elif isinstance(node.value, int):
                yield node, ast.Constant(node.value + 1), "constant"
            elif isinstance(node.value, float):
                yield node, ast.Constant(node.value * 2 if node.value else 0.5), "constant"
        elif isinstance(node, ast.If | ast.IfExp):
            for value in (True, False):
                changed = copy.copy(node)
                changed.test = ast.Constant(value)
                yield node, changed, f"condition {value}"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node, ast.Pass(), "call dropped"
        if isinstance(node, ast.Call):
            for number, keyword in enumerate(node.keywords):
                if keyword.arg is not None:
                    changed = copy.copy(node)
                    changed.keywords = node.keywords[:number] + node.keywords[number + 1 :]
                    yield node, changed, f"argument {keyword.arg} dropped"
            if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
                yield node, node.args[0], "function is identity"
            if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
                yield node, node.func.value, "method is identity"
        if isinstance(node, ast.comprehension) and node.ifs:
            changed = copy.copy(node)
            changed.ifs = node.ifs[1:]
            yield node, changed, "filter dropped"


def mutants_of(path: Path) -> list[Mutant]:
    """Return all mutants of a file whose code differs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        Mutant(
            str(path.relative_to(ROOT)),
            getattr(node, "lineno", None) or node.target.lineno,  # a comprehension has none
            kind,
            _short(node),
            _short(changed),
            number,
        )
        for number, (node, changed, kind) in enumerate(mutations(tree))
    ]


def mutated(source: str, number: int) -> str:
    """Return the source with its mutant of that number."""
    tree = ast.parse(source)
    node, changed, _ = next(item for i, item in enumerate(mutations(tree)) if i == number)

    class Put(ast.NodeTransformer):
        def visit(self, here: ast.AST) -> ast.AST:
            return changed if here is node else super().generic_visit(here)

    return ast.unparse(ast.fix_missing_locations(Put().visit(tree)))


def draw(paths: list[Path], *, count: int, seed: int) -> list[Mutant]:
    """Draw mutants: a kind first, then one of its kind, so that frequent kinds do not crowd out."""
    generator = random.Random(seed)
    groups: dict[str, list[Mutant]] = {}
    for path in paths:
        for mutant in mutants_of(path):
            kind = mutant.kind.split()[0]
            groups.setdefault(kind, []).append(mutant)
    drawn: list[Mutant] = []
    while len(drawn) < count and any(groups.values()):
        group = groups[generator.choice([kind for kind, rest in groups.items() if rest])]
        drawn.append(group.pop(generator.randrange(len(group))))
    return drawn


def tests_of(
    mutant: Mutant, data: CoverageData, times: dict[str, float], limit: float
) -> list[str]:
    """Return tests that run the mutant's line, the quickest first, within ``limit`` seconds."""
    contexts = data.contexts_by_lineno(str(ROOT / mutant.path)).get(mutant.line, [])
    names = {context.partition("|")[0] for context in contexts} - {""}
    chosen: list[str] = []
    for name in sorted(names, key=lambda name: (times.get(name, limit), name)):
        limit -= times.get(name, limit)
        if limit < 0:
            break
        chosen.append(name)
    return chosen


def durations(path: Path) -> dict[str, float]:
    """Return the seconds of each test by its pytest name, from a JUnit file of pytest."""
    times: dict[str, float] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        module = case.get("classname", "").split(".")
        file = next(
            n
            for n in range(len(module), 0, -1)
            if (ROOT / ("/".join(module[:n]) + ".py")).is_file()
        )
        name = "::".join(["/".join(module[:file]) + ".py", *module[file:], case.get("name", "")])
        times[name] = float(case.get("time", 0))
    return times


def try_mutant(
    mutant: Mutant, tests: list[str], tree: Path, *, timeout: float
) -> dict[str, object]:
    """Run the tests on the mutant in a copy of the project; the copy is put right afterwards.

    The tests run in a fork of this process, which holds the libraries but nothing of gmf.
    """
    file = tree / mutant.path
    before = file.read_text(encoding="utf-8")
    file.write_text(mutated(before, mutant.number), encoding="utf-8")
    log = tree.parent / f"{tree.name}.log"
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os._exit(_run_tests(tests, tree, log))
    status = None
    while status is None and time.monotonic() - start < timeout:
        time.sleep(0.05)
        ended, code = os.waitpid(child, os.WNOHANG)
        status = code if ended else None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    file.write_text(before, encoding="utf-8")
    closing = [
        line
        for line in log.read_text(errors="replace").splitlines()
        if line.startswith(("FAILED", "ERROR"))
    ]
    return {
        "outcome": "timed out" if status is None else "survived" if status == 0 else "killed",
        "tests": len(tests),
        "killer": closing[0][:200] if closing else "",
        "seconds": round(time.monotonic() - start, 1),
    }


def _run_tests(tests: list[str], tree: Path, log: Path) -> int:
    os.setsid()
    os.chdir(tree)
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    folders = [str(tree / name) for name in ("src", "demo", "tests")]
    os.environ["PYTHONPATH"] = os.pathsep.join(folders)
    sys.path[:0] = folders
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]))


def work(mutants: list[Mutant], options: argparse.Namespace, tree: Path) -> None:
    """Try mutants one by one in one copy of the project, and append their rows to the output."""
    data = CoverageData(str(options.coverage))
    data.read()
    times = durations(options.times)
    _copy(tree)
    for mutant in mutants:
        tests = tests_of(mutant, data, times, options.seconds)
        result = (
            try_mutant(mutant, tests, tree, timeout=60 + 4 * options.seconds)
            if tests
            else {"outcome": "survived", "tests": 0}
        )
        row = json.dumps({**asdict(mutant), **result}, ensure_ascii=False)
        with options.out.open("a", encoding="utf-8") as out:
            out.write(row + "\n")
        print(row, flush=True)


def main() -> None:
    """Draw mutants, try those that the output does not have yet, and print the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--times", type=Path, required=True, help="pytest's --junitxml.")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=120, help="Of tests for one mutant.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("places", nargs="*", default=PLACES)
    options = parser.parse_args()
    paths = [
        path
        for place in options.places
        for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    drawn = draw(sorted(paths), count=options.count, seed=options.seed)
    tried = {(row["path"], row["number"]) for row in _rows(options.out)}
    left = [mutant for mutant in drawn if (mutant.path, mutant.number) not in tried]
    sys.dont_write_bytecode = True
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    for name in LIBRARIES:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        workers: list[int] = []
        for job in range(options.jobs):
            worker = os.fork()
            if worker == 0:
                work(left[job :: options.jobs], options, Path(folder) / str(job))
                os._exit(0)
            workers.append(worker)
        for worker in workers:
            os.waitpid(worker, 0)
    outcomes = Counter(row["outcome"] for row in _rows(options.out))
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a module that run: no annotations, no docstrings."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.AnnAssign):
            stack += [node.value] if node.value else []
            continue
        if isinstance(node, ast.arg):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        yield node
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.FunctionDef):
            children = [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_type(node):
            continue
        stack += reversed(children)


def _is_type(node: ast.Subscript) -> bool:
    """Whether a subscript is a type in code, such as ``dict[str, int]``."""
    return isinstance(node.value, ast.Name) and node.value.id in {
        "dict",
        "list",
        "tuple",
        "set",
        "Literal",
        "Callable",
    }


def _swapped(node: ast.AST, **fields: object) -> tuple[ast.AST, ast.AST, str]:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return node, changed, "operator"


def _short(node: ast.AST) -> str:
    text = ast.unparse(node) if not isinstance(node, ast.Pass) else "pass"
    return text.partition("\n")[0][:120]


def _copy(target: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


if __name__ == "__main__":
    main()
