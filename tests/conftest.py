import os
from importlib import import_module
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Ray gives its workers the lowest priority: beside other tests they would hardly run.
os.environ.setdefault("RAY_worker_niceness", "0")

import pytest
import torch
from fixtures import type_checks
from hypothesis import settings
from jaxtyping import install_import_hook

# Here and not among pytest's options, of which the processes of xdist see too little. What is
# checked must not be imported before.
install_import_hook(["gmf.models"], f"{type_checks.__name__}.check")

# How long an example takes says more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Consoles keep the width that the environment names when they are made; tests name others.
os.environ.pop("COLUMNS", None)
import_module("gmf.cli.output")

# Processes that tests start take the packages from where the tests take them.
SOURCES = [str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, SOURCES))


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)
