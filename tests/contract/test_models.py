"""What every registered model must do, on tiny encoders."""

import pytest

from gmf.models.registry import models
from gmf.testing import model_checks


@pytest.mark.parametrize("check", [c for name in models for c in model_checks(name)], ids=str)
def test_contract(check):
    check()
