"""The checks that apply to a model, for pytest or without it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from gmf.testing.checks import artefacts, images, learning, predictions
from gmf.testing.subject import Subject

_ALL = (
    artefacts.describes_itself,
    learning.overfits_eight_samples,
    learning.gradients_reach_every_trainable_parameter,
    learning.open_tags_cost_less,
    learning.trains_without_any_image,
    learning.step_in_bf16_is_finite,
    learning.processes_train_as_one,
    predictions.padding_and_batch_composition_change_nothing,
    predictions.neither_gold_nor_names_are_read,
    predictions.tags_are_legal_and_confidences_are_probabilities,
    artefacts.saved_model_reloads_bit_for_bit,
    artefacts.export_agrees_with_the_checkpoint,
)
_OF_SUBWORDS = (
    learning.states_left_out_are_read_by_nobody,
    predictions.context_is_read_and_a_hidden_one_is_not,
)
_OF_CONVENTIONS = (learning.learns_the_older_subword_convention,)
_OF_IMAGES = (
    images.image_matters_and_a_masked_one_does_not,
    images.samples_without_images_are_the_same_in_any_batch,
    images.cached_maps_stand_for_pixels,
)


@dataclass(frozen=True)
class ModelCheck:
    """One check of one model; call it to run it, ``str`` names it.

    Args:
        subject: The model.
        run: The check.
    """

    subject: Subject
    run: Callable[[Subject], None]

    def __call__(self) -> None:
        """Run the check; random numbers of the caller are left as they were.

        Raises:
            AssertionError: If the model fails it; says how.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.run(self.subject)

    def __str__(self) -> str:
        return f"{self.subject.name}-{self.run.__name__}"


def model_checks(name: str, **options: Any) -> list[ModelCheck]:
    """Return all checks that apply to a model; each can be called.

    With pytest, ``@pytest.mark.parametrize("check", model_checks("late-fusion"), ids=str)`` over a
    test that calls ``check()``.

    Args:
        name: Registered name of the model.
        options: Options of the model that replace those of its ``small_options``.

    Raises:
        ConfigError: If no model has the name.
    """
    subject = Subject(name, options)
    checks: list[Callable[[Subject], None]] = [*_ALL]
    if not subject.kind.reads_words:
        checks += _OF_SUBWORDS
        if "subword_labels" in subject.kind.Options.model_fields:
            checks += _OF_CONVENTIONS
    if subject.kind.uses_images:
        checks += _OF_IMAGES
    return [ModelCheck(subject, check) for check in checks]


def check_model(name: str, **options: Any) -> None:
    """Run all checks of a model; takes about half a minute.

    Args:
        name: Registered name of the model.
        options: Options of the model that replace those of its ``small_options``.

    Raises:
        ConfigError: If no model has the name.
        ExceptionGroup: If it fails any; holds an exception for each.
    """
    failures: list[Exception] = []
    checks = model_checks(name, **options)
    for check in checks:
        try:
            check()
        except Exception as error:  # A model of others may raise anything.
            error.add_note(f"in {check}")
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{name} fails {len(failures)} of {len(checks)} checks", failures)
