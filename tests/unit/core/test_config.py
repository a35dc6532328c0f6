import math
from pathlib import Path

import pytest
from pydantic import Field

from gmf.core.config import Config, apply_overrides, parse_config, read_yaml
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


class Paths(Config):
    folder: Path = Field(strict=False, default=Path())
    rate: float = 1.0
    name: str = ""


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("my data #2", "my data #2"),
        ("'a # b'", "a # b"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("2017-01-02", "2017-01-02"),
        ("1_000", "1_000"),
        ("-17", -17),
        ("0", 0),
        ("2e-4", 2e-4),
        ("1.5E+2", 150.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("-.inf", -math.inf),
        ("true", True),
        ("[1, 2e1]", [1, 20.0]),
        ("", None),
    ],
)
def test_values_are_read_as_yaml_1_2_has_them(raw, value):
    found = apply_overrides({}, [f"name={raw}"])["name"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        (["folder=2017"], r"folder: .*\(got 2017\); for text write .*: folder='\"2017\"'"),
        (["rate=.inf"], r"rate: Input should be a finite number"),
        (["rate=1e400"], r"rate: Input should be a finite number"),
        (["rate=.nan"], r"rate: Input should be a finite number"),
        (["rate=5", "rate.max=6"], r"override 'rate.max=6': rate is 5, which has no options"),
        (["name=" + 2000 * "[" + 2000 * "]"], r"value is not YAML: nested too deeply"),
        (["name={a: 1, a: 2}"], r"value is not YAML: key 'a' stands twice; keep one"),
    ],
)
def test_what_would_be_lost_or_no_number_is_refused(overrides, fault):
    with pytest.raises(ConfigError, match=fault):
        parse_config(Paths, apply_overrides({}, overrides))


def test_a_key_that_stands_twice_in_a_file_is_told_with_its_line(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("training:\n  epochs: 2\n  epochs: 5\n")
    with pytest.raises(ConfigError, match=r"(?s)run.yaml: .*'epochs' stands twice.*line 3"):
        read_yaml(file)
    file.write_text("a: &text [x]\nb: *text\nc: {<<: {d: 1}, e: 2}\n")
    assert read_yaml(file) == {"a": ["x"], "b": ["x"], "c": {"d": 1, "e": 2}}
