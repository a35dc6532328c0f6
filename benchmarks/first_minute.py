"""The first minute of a newcomer, recorded: commands, what they print, and seconds.

    python benchmarks/first_minute.py REPOSITORY > benchmarks/results/first-minute.txt

In a new folder, with an empty home: a clone of the repository is installed into a new environment
and tags a sentence; then into a second environment without torch, as docs/export.md lists it. pip
fetches packages from where it is told to; nothing else is fetched. Paths of the folder are cut.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gmf.evaluation.provenance import describe_hardware

TEXT = "just saw Star Wars with Anna at the Odeon in leicester square lol"
SERVE = """\
gmf serve --port 8907 2> serve.log &
until curl -sf http://127.0.0.1:8907/ready > ready.json; do sleep 0.2; done
curl -sS http://127.0.0.1:8907/v1/entities -H 'Content-Type: application/json' \\
  -d '{"text": "Rocky is ready for snow season in Denver"}'
kill %1; wait %1 2> serve.log"""


def commands(repository: str) -> list[str]:
    """Return the commands in order."""
    listed = Path(repository, "docs", "export.md").read_text(encoding="utf-8")
    (packages,) = re.findall(r"^ +(pip install filelock .*)$", listed, re.MULTILINE)
    slim = packages.replace("pip install", "slim/bin/pip install -q")
    return [
        f"git clone -q {repository} gmf && cd gmf",
        "python -m venv .venv && . .venv/bin/activate",
        "pip install -q -c constraints.txt '.[serve]' ./starter",
        f'gmf predict --text "{TEXT}"',
        f'gmf predict --text "{TEXT}" --image docs/images/demo.png',
        SERVE,
        "python -m venv slim",
        f"{slim} -c constraints.txt",
        "slim/bin/pip install -q --no-deps . ./starter",
        f'slim/bin/gmf predict --text "{TEXT}"',
        "slim/bin/python -c 'import torch' 2>&1 | tail -1",
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        clone = Path(folder) / "gmf"
        own = ("PYTHONPATH", "VIRTUAL_ENV", "GMF_HOME", "OMP_NUM_THREADS")
        env = {key: value for key, value in os.environ.items() if key not in own}
        env |= {
            "HOME": str(home),
            "PATH": f"{clone}/.venv/bin:{Path(sys.base_prefix, 'bin')}:{os.environ['PATH']}",
            "COLUMNS": "80",
        }
        print("# " + "; ".join(f"{k} {v}" for k, v in describe_hardware().items()))
        for command in commands(options.repository):
            began = time.perf_counter()
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=clone if clone.exists() else folder,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            seconds = time.perf_counter() - began
            shown = command.replace(options.repository, "REPOSITORY")
            printed = done.stdout.replace(f"{folder}/", "").replace(
                options.repository, "REPOSITORY"
            )
            print(f"\n$ {shown}\n{printed.rstrip()}".rstrip())
            print(f"[{seconds:.1f} s, exit status {done.returncode}]", flush=True)
            if done.returncode:
                sys.exit(1)


if __name__ == "__main__":
    main()
