import pytest
from pydantic import Field

from gmf.core.config import Config, parse_config
from gmf.core.errors import ConfigError
from gmf.experiments.presets import load_run_config


class Inner(Config):
    width: int = Field(default=1, ge=1)
    colour: str = "red"


class Outer(Config):
    inner: Inner = Inner()
    other: Inner | None = None
    size: int = 3


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"sise": 3}, r"^test: sise: Extra inputs are not permitted; did you mean 'size'\?$"),
        ({"inner": {"widht": 3}}, r"inner\.widht: .* permitted; did you mean 'width'\?$"),
        ({"other": {"color": "blue"}}, r"other\.color: .* permitted; did you mean 'colour'\?$"),
        ({"temperature": 3}, r"temperature: .* permitted; expected one of inner, other, size$"),
        ({"inner": {"width": 0}}, r"inner\.width: .* greater than or equal to 1 \(got 0\)$"),
        ({"sise": 3, "inner": {"widht": 3}}, r"2 faults\n.*'width'\?\n.*'size'\?$"),
    ],
)
def test_faults_name_key_reason_and_a_near_name(options, fault):
    with pytest.raises(ConfigError, match=fault):
        parse_config(Outer, options, source="test")


def test_the_near_name_of_a_models_option_is_that_of_the_chosen_model():
    with pytest.raises(ConfigError, match=r"model\.temprature: .*; did you mean 'temperature'\?"):
        load_run_config("twitter2017", ["model.temprature=0.2"])
    with pytest.raises(ConfigError, match=r"temperature: .* permitted; expected one of name, dec"):
        load_run_config("twitter2017", ["model=bert-crf", "model.temperature=0.2"])
