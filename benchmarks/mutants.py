"""Random mutants of the code, each tried on the tests that run its line: do they notice?

    OMP_NUM_THREADS=1 python benchmarks/mutants.py --count 300 --seed 1

The first call copies the project to ``--folder`` and runs the tests of ``--tests`` there once, for
the lines and the seconds of each; the same command goes on where a killed one stopped. A mutant
survives when none of the tests that run its line fails, the quickest first, at most ``--seconds``
of them. A line that runs at import, such as a default, takes the tests of its file, then any.

``--again`` names tests, as they are now, on which the survivors are tried once more. A survivor
that changes no behaviour, or that may live, is told by hand in its row's field ``reason``, which
begins with "equivalent: " or "lives: ".

mutmut leaves out decorated functions and the methods of dataclasses (its issues 387 and 480), and
draws no sample; cosmic-ray starts a process a mutant, each of which imports PyTorch.
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from coverage import CoverageData
from mutations import Row, draw, mutated

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/mutants.json"
TESTS = ("tests/golden", "tests/unit", "tests/contract", "tests/property")
#: Imported once, before the tests of each mutant run in a fork.
LIBRARIES = (
    "accelerate",
    "beartype",
    "hypothesis.strategies",
    "jaxtyping",
    "PIL.ImageCms",
    "PIL.ImageSequence",
    "pydantic",
    "requests",
    "rich.progress",
    "scipy.stats",
    "seqeval.metrics",
    "torch",
    "torchcrf",
    "transformers.models.bert.modeling_bert",
    "transformers.models.resnet.modeling_resnet",
    "typer",
    "unittest.mock",
    "yaml",
)


class Coverage:
    """Which tests run which line, and how long each takes, from a run of them all.

    Args:
        folder: Of its data and of pytest's ``--junitxml``.
        tree: The copy of the project in which it ran.
    """

    def __init__(self, folder: Path, *, tree: Path) -> None:
        self.data = CoverageData(str(folder / ".coverage"))
        self.data.read()
        self.seconds = durations(folder / "times.xml", tree=tree)

    @cache  # noqa: B019
    def of_file(self, path: str) -> dict[int, set[str]]:
        """Return the tests of each line of a file; a test's fixtures count as itself."""
        measured = next((f for f in self.data.measured_files() if f.endswith(path)), None)
        lines = self.data.contexts_by_lineno(measured) if measured else {}
        return {
            line: {context.partition("|")[0] for context in contexts} - {""}
            for line, contexts in lines.items()
        }

    def tests_of(self, mutant: Row, *, limit: float) -> list[str]:
        """Return tests that run the mutant's line, the quickest first, within the seconds."""
        lines = self.of_file(mutant["path"])
        near = lines.get(mutant["line"]) or set[str]().union(*lines.values())
        names = lines.get(mutant["line"]) or {*near, *self.seconds}
        chosen: list[str] = []
        for name in sorted(names, key=lambda n: (n not in near, self.seconds.get(n, 1.0), n)):
            limit -= self.seconds.get(name, 1.0)
            if limit < 0 and chosen:
                break
            chosen.append(name)
        return chosen


def durations(path: Path, *, tree: Path) -> dict[str, float]:
    """Return the seconds of each test by its pytest name, from a JUnit file of pytest."""
    seconds: dict[str, float] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        parts = case.get("classname", "").split(".")
        ends = (n for n in range(1, len(parts) + 1))
        end = next(n for n in ends if (tree / ("/".join(parts[:n]) + ".py")).is_file())
        name = "::".join(["/".join(parts[:end]) + ".py", *parts[end:], case.get("name", "")])
        seconds[name] = float(case.get("time", 0))
    return seconds


def collect(folder: Path, *, tree: Path, tests: Iterable[str]) -> Coverage:
    """Run the tests once, for the lines and the seconds of each."""
    command = [sys.executable, "-m", "pytest", "-m", "not slow and not gpu", "--cov=gmf"]
    command += [
        "--cov-context=test",
        "--cov-report=",
        f"--junitxml={folder / 'times.xml'}",
        *tests,
    ]
    places = {"COVERAGE_FILE": str(folder / ".coverage"), "PYTHONPATH": _paths(tree)}
    folder.mkdir(exist_ok=True)
    subprocess.run(command, cwd=tree, env=os.environ | places, check=True)
    return Coverage(folder, tree=tree)


def try_mutant(mutant: Row, tests: list[str], *, tree: Path, limit: float) -> Row:
    """Run the tests on the mutant in the copy of the project, which is put right afterwards."""
    file = tree / mutant["path"]
    before = file.read_text(encoding="utf-8")
    start = time.monotonic()
    try:
        file.write_text(mutated(before, number=mutant["number"]), encoding="utf-8")
        outcome, killer = outcome_of(tests, tree=tree, limit=limit)
    finally:
        file.write_text(before, encoding="utf-8")
    seconds = round(time.monotonic() - start, 1)
    return {"outcome": outcome, "tests": len(tests), "killer": killer, "seconds": seconds}


def outcome_of(tests: list[str], *, tree: Path, limit: float) -> tuple[str, str]:
    """Return what becomes of a mutant, and the test that failed.

    The tests run in a fork of this process, which holds the libraries but nothing of gmf.
    """
    log, start, status = tree.parent / "log.txt", time.monotonic(), None
    child = os.fork()
    if child == 0:
        os._exit(_run_tests(tests, tree=tree, log=log, limit=limit))
    while status is None and time.monotonic() - start < 20 * limit:
        time.sleep(0.02)
        ended, code = os.waitpid(child, os.WNOHANG)
        status = code if ended else None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    if status is None or os.WIFSIGNALED(status):
        return "timed out", ""
    lines = log.read_text(errors="replace").splitlines()
    failed = [line.split()[1] for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return "killed" if status else "survived", failed[0] if failed else ""


def _run_tests(tests: list[str], *, tree: Path, log: Path, limit: float) -> int:
    os.setsid()
    # Of the processor and not of the clock: the machine may be busy.
    resource.setrlimit(resource.RLIMIT_CPU, (int(3 * limit), int(3 * limit)))
    os.chdir(tree)
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    os.environ |= {"PYTHONPATH": _paths(tree), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path[:0] = _paths(tree).split(os.pathsep)
    return int(pytest.main(["-x", "-p", "no:cacheprovider", *tests]))


def _paths(tree: Path) -> str:
    return os.pathsep.join(str(tree / name) for name in ("src", "demo", "tests"))


def prepare(folder: Path) -> Path:
    """Return the copy of the project that is mutated; it is made once, of what git knows."""
    tree = folder / "tree"
    if not tree.exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def rows_of(results: Path) -> dict[str, Row]:
    """Return what was tried, by file, number and change: of other code a number means another."""
    rows = json.loads(results.read_text(encoding="utf-8"))["mutants"] if results.exists() else []
    return {_key(row): row for row in rows}


def _key(row: Row) -> str:
    return " ".join(str(row[name]) for name in ("path", "number", "before", "after"))


def write(results: Path, *, command: str, rows: Iterable[Row]) -> None:
    """Write the results, and beside them a page of the counts and of what was not killed."""
    rows = list(rows)
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    whole = f'{{"command": {json.dumps(command)}, "mutants": [\n{body}\n]}}\n'
    beside = results.with_suffix(".tmp")
    beside.write_text(whole, encoding="utf-8")
    beside.replace(results)
    results.with_suffix(".md").write_text(page(command, rows), encoding="utf-8")


def page(command: str, rows: list[Row]) -> str:
    """Return the counts and the mutants that no test noticed, each with its reason, as Markdown."""
    outcomes = Counter(_outcome(row) for row in rows)
    behave = len(rows) - outcomes["equivalent"]
    alive = outcomes["survived"] + outcomes["lives"]
    lines = [
        "# Mutants",
        "",
        f"    {command}",
        "",
        f"{len(rows)} drawn: "
        + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
        + f". Of the {behave} that change behaviour {alive} live"
        + (f" ({alive / behave:.1%})." if behave else "."),
        "",
        "| place | before | after | outcome | why |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in sorted(rows, key=lambda row: (row["path"], row["line"])):
        if row["outcome"] == "survived":
            kind, _, why = row.get("reason", ": not yet told").partition(": ")
            cells = [f"{row['path'].removeprefix('src/gmf/')}:{row['line']}"]
            cells += [f"`{row['before']}`", f"`{row['after']}`", kind or "survived", why]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _outcome(row: Row) -> str:
    return (
        row.get("reason", "survived").partition(":")[0]
        if row["outcome"] == "survived"
        else row["outcome"]
    )


def main() -> None:
    """Draw mutants, try those that the results do not have yet, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30, help="Of tests for one mutant.")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/mutants")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="Of the first call.")
    parser.add_argument("--again", nargs="*", help="Tests for the survivors.")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    tree = prepare(options.folder)
    if options.again:
        shutil.copytree(ROOT / "tests", tree / "tests", dirs_exist_ok=True)
        coverage = collect(options.folder / "again", tree=tree, tests=options.again)
    elif (options.folder / "first/times.xml").exists():
        coverage = Coverage(options.folder / "first", tree=tree)
    else:
        coverage = collect(options.folder / "first", tree=tree, tests=options.tests)
    drawn = draw(tree, count=options.count, seed=options.seed)
    command = f"python benchmarks/mutants.py --count {options.count} --seed {options.seed}"
    command += "" if options.tests == TESTS else f" --tests {' '.join(options.tests)}"
    rows = rows_of(RESULTS)

    def of_this_draw() -> list[Row]:
        # What other draws tried does not stand under this one's command.
        return [rows[key] for mutant in drawn if (key := _key(mutant)) in rows]

    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    some = next(filter(None, (coverage.tests_of(m, limit=options.seconds) for m in drawn)))
    if outcome_of(some, tree=tree, limit=options.seconds)[0] != "survived":
        sys.exit(f"tests fail without a mutant, see {tree.parent / 'log.txt'}")
    for number, mutant in enumerate(drawn, 1):
        row = rows.get(_key(mutant))
        lives = row is not None and row["outcome"] == "survived" and "reason" not in row
        if not (lives if options.again else row is None):
            continue
        tests = coverage.tests_of(mutant, limit=options.seconds)
        result: Row = {"outcome": "survived", "tests": 0}
        if tests:
            result = try_mutant(mutant, tests, tree=tree, limit=options.seconds)
        rows[_key(mutant)] = mutant | result
        write(RESULTS, command=command, rows=of_this_draw())
        print(f"{number}/{len(drawn)}", json.dumps(mutant | result), flush=True)
    print(page(command, of_this_draw()).splitlines()[4])


if __name__ == "__main__":
    main()
