"""Options that are set and do nothing are told."""

import pytest

from gmf.experiments.presets import load_run_config


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["data.hide_context=0.1"], ["data.hide_context=0.1: has no effect without data.context"]),
        (
            ["data.context_file=c.jsonl"],
            ["data.context_file=c.jsonl: has no effect without data.context"],
        ),
        (['data.context=["caption"]', "data.hide_context=0.1", "data.context_file=c.jsonl"], []),
        (
            ["training.agreement_weight=2", "training.teacher_weight=0.5"],
            [
                "training.agreement_weight=2.0: has no effect without training.agreement",
                "training.teacher_weight=0.5: has no effect without training.teacher",
            ],
        ),
        (["training.agreement=dropout", "training.agreement_weight=2"], []),
        (["training.teacher=runs/x", "training.teacher_weight=0.5"], []),
        (
            ["model=bilstm-crf", "training.layer_decay=0.9"],
            ["training.layer_decay=0.9: has no effect without a pretrained text encoder"],
        ),
        (["training.layer_decay=0.9"], []),
        (
            ["training.schedule=steps", "training.warmup_ratio=0.2"],
            ["training.warmup_ratio=0.2: has no effect without training.schedule=linear"],
        ),
        (["training.schedule=steps", "training.warmup_ratio=0"], []),
    ],
)
def test_what_has_no_effect_is_told(options, told):
    assert load_run_config("twitter2017", options).idle_options() == told
