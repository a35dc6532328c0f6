"""Check a running service against its own OpenAPI document with generated requests.

python benchmarks/serve_schemathesis.py RUN --cases 2000

Every check of schemathesis but one runs: no 5xx, answers as documented, schema violations refused,
and so on. Left out is "schema-valid requests are accepted": no schema says what an image is.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
#: Operations of the document that take a body; the others take one case each.
BODIES = 2


def check(url: str, *, cases: int, seed: int = 1) -> tuple[int, int, str]:
    """Return schemathesis' exit code, the number of cases that it generated, and its output."""
    beside = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    command = [
        beside or "schemathesis",
        "run",
        f"{url}/openapi.json",
        "--max-examples",
        str(cases // BODIES),
        "--checks=all",
        "--exclude-checks=positive_data_acceptance",
        "--phases=examples,coverage,fuzzing",
        "--generation-database=none",
        f"--seed={seed}",
        "--no-color",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)}
    # It leaves a folder of its own where it runs.
    with tempfile.TemporaryDirectory() as folder:
        finished = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True
        )
    output = finished.stdout + finished.stderr
    generated = re.search(r"([\d,]+) generated", output)
    return finished.returncode, int(generated[1].replace(",", "")) if generated else 0, output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="run or checkpoint folder")
    parser.add_argument("--cases", type=int, default=2000)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "gmf", "serve", arguments.run, "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as p:
        try:
            url = p.stdout.readline().strip().rstrip("/")
            code, generated, output = check(url, cases=arguments.cases)
        finally:
            p.terminate()
    print(output[output.index("=== SUMMARY") :] if "=== SUMMARY" in output else output)
    print(f"{generated} cases, exit code {code}")
    sys.exit(code or generated < arguments.cases)


if __name__ == "__main__":
    main()
