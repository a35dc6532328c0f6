"""Tests that a card must pass; a few cases of each run on the CPU, so that the tests stay right."""

import pytest
import torch
from accelerate.state import AcceleratorState

from gmf.models.registry import models

#: Models that the CPU's own run of these tests takes: with images and contrast, with LSTMs.
ON_CPU = ("gmf", "hbilstm-crf")
CARD = pytest.mark.gpu


def pytest_generate_tests(metafunc):
    """Give tests with a ``device`` the card, and the CPU with fewer models."""
    names = metafunc.fixturenames
    if "device" in names and "name" in names:
        cases = [("cpu", name) for name in ON_CPU]
        cases += [pytest.param("cuda", name, marks=CARD) for name in models]
        metafunc.parametrize(("device", "name"), cases)
    elif "device" in names:
        metafunc.parametrize("device", ["cpu", pytest.param("cuda", marks=CARD)])


@pytest.fixture(autouse=True)
def card(request):
    """Skip what needs a card where there is none; fp32 is computed in fp32, not in TF32."""
    marked = request.node.get_closest_marker("gpu")
    if marked and not torch.cuda.is_available():
        pytest.skip("no card that PyTorch can use")
    # By the older of torch's two ways, since torch.export refuses to see them mixed.
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture
def training_on(monkeypatch):
    """Return what makes training take a device, which Accelerate would choose once a process."""

    def choose(device):
        monkeypatch.setenv("ACCELERATE_TORCH_DEVICE", device)
        AcceleratorState._reset_state(reset_partial_state=True)

    yield choose
    AcceleratorState._reset_state(reset_partial_state=True)
