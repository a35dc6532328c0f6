"""The named axes of signatures are checked in tests; the hook stands in conftest.py."""

import importlib
import inspect
import pkgutil

import jaxtyping
import pytest
import torch

import gmf.models
from gmf.models.modules.crf import LinearChainCrf
from gmf.models.modules.cross_attention import masked_softmax
from gmf.models.modules.gating import DynamicGating


def test_an_axis_that_disagrees_with_another_argument_fails():
    crf = LinearChainCrf(3)
    emissions, labels = torch.zeros(2, 5, 3), torch.zeros(2, 4, dtype=torch.long)
    with pytest.raises(jaxtyping.TypeCheckError, match="labels"):
        crf.log_likelihood(emissions, labels, torch.ones(2, 5, dtype=torch.bool))


def test_a_missing_axis_and_another_type_fail():
    gating = DynamicGating(4, num_stages=2, num_layers=3)
    with pytest.raises(jaxtyping.TypeCheckError, match="stages"):
        gating(torch.zeros(1, 2, 4))
    with pytest.raises(jaxtyping.TypeCheckError, match="mask"):
        masked_softmax(torch.zeros(2, 3), torch.ones(2, 3))


def test_every_module_of_the_models_is_checked():
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(gmf.models.__path__, "gmf.models.")
        if not found.ispkg
    ]
    assert len(modules) > 30
    functions = [
        value
        for module in modules
        for _, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__
    ]
    assert functions
    assert [f.__qualname__ for f in functions if not hasattr(f, "__wrapped__")] == []
