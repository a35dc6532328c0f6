"""What needs no tensor library imports none."""

import subprocess
import sys
from pathlib import Path

import gmf

ROOMS = ("core", "reading", "data", "inference", "evaluation", "checks", "jobs")
SCRIPT = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is refused")

sys.meta_path.insert(0, Refuse())
count = 0
for room in sys.argv[1:]:
    package = importlib.import_module(f"gmf.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
        count += 1
print(count)
"""


def test_rooms_without_torch_import_where_torch_cannot_be():
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *ROOMS],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(gmf.__file__).parents[1])},
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 60
