import pytest

from gmf.testing import tiny_tagger


@pytest.mark.parametrize(
    ("model", "groups"),
    [
        ("bert-crf", {"text_encoder": "text_encoder", "head": "new"}),
        (
            "gmf",
            {
                "text_encoder": "text_encoder",
                "image_encoder": "image_encoder",
                "guidance": "text_encoder",
                "attention": "new",
                "mapping": "new",
                "gating": "new",
                "matching": "new",
                "head": "new",
            },
        ),
    ],
)
def test_each_part_trains_at_the_rate_of_its_group(model, groups):
    model = tiny_tagger(model).model
    found = {}
    for name, _ in model.named_parameters():
        if ".crf." not in name:
            found.setdefault(name.split(".")[0], set()).add(model.parameter_group(name))
        else:
            assert model.parameter_group(name) == "transitions"
    assert found == {part: {group} for part, group in groups.items()}
