"""What every registered model must do, on tiny encoders."""

import pytest
import torch

from gmf.models.registry import models
from gmf.testing import model_checks
from gmf.testing.subject import Subject


@pytest.mark.parametrize("check", [c for name in models for c in model_checks(name)], ids=str)
def test_contract(check):
    check()


@pytest.mark.parametrize("name", [name for name in models if models.get(name).uses_images])
def test_a_batch_without_any_image_is_read_in_float64(name):
    subject = Subject(name)
    output = subject.build().double()(subject.batch.without_images())
    assert output.emissions.dtype == torch.float64
    assert output.loss.isfinite()
