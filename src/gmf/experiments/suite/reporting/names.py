"""How variants and data sets are named in tables, and in which order they come."""

from gmf.experiments.suite.variants import ABLATIONS, SWEEPS
from gmf.models.registry import models

GMF, TEXT_BASELINE = "gmf", "bert-crf"
_DATASETS = {"twitter2015": "Twitter-2015", "twitter2017": "Twitter-2017", "demo": "Demo corpus"}


def system_name(variant: str) -> str:
    """Return a variant's name for readers."""
    if variant in ABLATIONS:
        return f"GMF w/o {' + '.join(ABLATIONS[variant])}"
    return (models.get(variant).title if variant in models else "") or variant


def dataset_name(dataset: str) -> str:
    """Return a data set's name for readers."""
    return _DATASETS.get(dataset, dataset)


def dataset_order(datasets: set[str]) -> list[str]:
    """Return data sets, the paper's first."""
    return [*(name for name in _DATASETS if name in datasets), *sorted(datasets - set(_DATASETS))]


def is_system(variant: str) -> bool:
    """Whether a variant is a system of Tables 2 and 3: no ablation and no point of a sweep."""
    return variant not in ABLATIONS and not any(variant.startswith(s.prefix) for s in SWEEPS)


def uses_images(variant: str) -> bool:
    """Whether a variant reads images; one that is no registered model is taken to be GMF."""
    return variant not in models or models.get(variant).uses_images


def system_order(variants: set[str]) -> list[str]:
    """Return systems, text-only ones first, in the order of the registry, GMF last."""
    order = {name: position for position, name in enumerate(models)}
    return sorted(
        (variant for variant in variants if is_system(variant)),
        key=lambda v: (uses_images(v), v == GMF, order.get(v, len(order)), v),
    )
