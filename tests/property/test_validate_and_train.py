"""What ``gmf data validate`` passes, ``gmf train`` trains on; what it refuses, training refuses."""

import itertools

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from gmf.checks.validation import validate_folder
from gmf.core.errors import DataError
from gmf.experiments.presets import load_run_config
from gmf.testing import save_tiny_encoders
from gmf.training.run import train

WORDS = ["Ann", "Oslo", "#x", "😀", "\u00a0", "\ufe0f", "a b", "", "http://t.co/a", "ก"]
WORD = st.sampled_from(WORDS)
SCHEMES = {
    "BIO2": ["B-PER", "I-PER", "B-LOC", "O", "O"],
    "BIOES": ["B-PER", "E-PER", "S-LOC", "O", "O"],
    "IO": ["PER", "LOC", "O", "O"],
    "small": ["b-per", "i-per", "o"],
    "broken": ["I-PER", "I-LOC", "B-PER", "O"],
    "outside": ["O"],
    "foreign": ["B-PER", "O", "X"],
    "alike": ["B-PER", "B-PER\u200b", "O"],
}
HEADS = st.sampled_from(["IMGID:{}\n", "", "# id {}\n", "-DOCSTART-\tO\n\n", "IMGID:../{}\n"])


@st.composite
def split_text(draw, tags, *, separator="\t"):
    """Return a file of columns, most often one that can be trained on."""
    blocks = []
    for number in range(draw(st.integers(0, 3))):
        rows = draw(st.lists(st.tuples(WORD, st.sampled_from(tags)), min_size=1, max_size=4))
        body = "".join(f"{word}{separator}{tag}\n" for word, tag in rows)
        blocks.append(draw(HEADS).format(number) + body)
    blank = draw(st.sampled_from(["\n", " \n", "\n\n"]))
    return blank.join(blocks)


@st.composite
def folders(draw):
    tags = SCHEMES[draw(st.sampled_from([*SCHEMES, "BIO2", "BIOES"]))]
    other = SCHEMES[draw(st.sampled_from(list(SCHEMES)))] if draw(st.booleans()) else tags
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    dev = draw(st.sampled_from(["dev", "valid", "val"]))
    texts = {"train": draw(split_text(tags)), dev: draw(split_text(other))}
    return {f"{name}.txt": text.encode(encoding) for name, text in texts.items()}


def test_what_validate_passes_train_trains_on(tmp_path_factory):
    text, image = save_tiny_encoders(tmp_path_factory.mktemp("encoders"))
    outcomes = {True: 0, False: 0}
    numbers = itertools.count()

    @seed(3)
    @settings(
        max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(folders(), st.sampled_from(["bert-crf", "gmf"]), st.sampled_from([".jpg", ".PNG", ""]))
    def check(files, model, ending):
        folder = tmp_path_factory.mktemp("set") / str(next(numbers))
        (folder / "images").mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        if ending:
            Image.new("RGB", (8, 8)).save(folder / "images" / f"0{ending}")
        errors = [f.message for f in validate_folder(folder) if f.severity == "error"]
        config = load_run_config(
            "twitter2017",
            [
                f"data.folder={folder}",
                f"encoders.text={text}",
                f"encoders.image={image}",
                f"model={model}",
                "training.epochs=1",
                "training.precision=fp32",
                "data.cache.kind=none",
            ],
        )
        outcomes[not errors] += 1
        if errors:
            with pytest.raises(DataError) as refused:
                train(config, folder / "run")
            assert str(refused.value) in errors
        else:
            state, _ = train(config, folder / "run")
            assert state.finished

    check()
    assert min(outcomes.values()) >= 5, outcomes
