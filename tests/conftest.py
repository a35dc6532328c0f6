import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
import torch

# Processes that tests start take the packages from where the tests take them.
SOURCES = [str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, SOURCES))


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)
