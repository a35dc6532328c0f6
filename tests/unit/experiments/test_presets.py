import pytest

from gmf.core.errors import ConfigError
from gmf.experiments.presets import load_run_config, preset_names
from gmf.models.registry import models

DATASETS = ("twitter2015", "twitter2017")
OWN = {f"{model}.{dataset}" for model in models if model != "gmf" for dataset in DATASETS}
PUBLISHED = {f"{model}.published.{dataset}" for model in models for dataset in DATASETS}
PAPER = {f"paper.{dataset}" for dataset in DATASETS}


DEMO = {"demo-bert-crf", "demo-gmf", "starter"}
GMF = {"gmf.twitter2015", "gmf.twitter2017"}


def test_every_model_has_a_preset_for_both_data_sets():
    assert set(preset_names()) == {*DATASETS, *OWN, *DEMO, *GMF, *PUBLISHED, *PAPER}


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_preset_of_gmf_is_that_of_the_data_set(dataset):
    assert load_run_config(f"gmf.{dataset}") == load_run_config(dataset)


#: Epochs on Twitter-2015 and -2017, batch size, rates of text encoder, new layers and transitions.
SETTINGS = {
    "bilstm-crf": (40, 40, 16, (5e-5, 1e-3, 1e-3), 1234),
    "hbilstm-crf": (40, 40, 16, (5e-5, 1e-3, 1e-3), 1234),
    "gvatt-hbilstm-crf": (40, 40, 16, (5e-5, 1e-3, 1e-3), 1234),
    "t-ner": (30, 30, 16, (5e-5, 1e-2, 1e-2), 1234),
    "bert": (24, 22, 32, (5e-5, 5e-5, 5e-5), 32),
    "bert-crf": (24, 22, 32, (5e-5, 5e-5, 5e-5), 32),
    "gvatt-bert-crf": (24, 22, 32, (5e-5, 5e-5, 5e-5), 32),
    "umt": (24, 22, 32, (5e-5, 5e-5, 5e-5), 32),
    "maf": (24, 23, 64, (5e-5, 5e-5, 5e-5), 37),
    "umgf": (30, 30, 16, (1e-4, 1e-4, 1e-4), 2021),
    "bfcl": (24, 22, 32, (5e-5, 5e-5, 5e-5), 1234),
    "debiascl": (24, 22, 32, (5e-5, 5e-5, 5e-5), 1234),
    "hvpnet": (30, 30, 8, (3e-5, 3e-5, 5e-2), 1234),
}


@pytest.mark.parametrize("model", SETTINGS)
def test_a_model_has_the_settings_of_its_source(model):
    *epochs, batch_size, rates, seed = SETTINGS[model]
    pair = ("bert-base-cased", "microsoft/resnet-152")
    for dataset, count in zip(DATASETS, epochs, strict=True):
        config = load_run_config(f"{model}.{dataset}")
        training = config.training
        assert (training.epochs, training.batch_size, config.seed) == (count, batch_size, seed)
        names = ("learning_rate", "new_learning_rate", "transitions_learning_rate")
        assert tuple(getattr(training, name) for name in names) == rates
        if model != "hvpnet":
            assert (config.encoders.text, config.encoders.image) == pair


@pytest.mark.parametrize("name", sorted({*DATASETS, *OWN}))
def test_a_preset_is_complete_and_names_its_model(name):
    config = load_run_config(name)
    model = name.rpartition(".")[0] or "gmf"
    assert config.model.name == model
    assert config.data.folder is None


@pytest.mark.parametrize(
    ("name", "tau", "batch", "epochs"),
    [("paper.twitter2015", 0.21, 16, 30), ("paper.twitter2017", 0.174, 32, 50)],
)
def test_the_papers_setting_is_that_of_its_section_4(name, tau, batch, epochs):
    config = load_run_config(name)
    model, training = config.model.model_dump(), config.training
    assert (config.encoders.text, config.encoders.image) == (
        "bert-base-uncased",
        "microsoft/resnet-50",
    )
    rates = ("learning_rate", "new_learning_rate", "transitions_learning_rate")
    assert {getattr(training, rate) for rate in rates} == {5e-5}
    assert (training.batch_size, training.epochs, training.order) == (batch, epochs, "random")
    assert (config.seed, config.data.missing_image) == (1234, "blank")
    assert (model["temperature"], model["direction_weight"], model["task_weight"]) == (
        tau,
        0.7,
        0.7,
    )
    assert model["contrast_blanks"]
    assert not model["normalise_stages"]
    assert not model["legal_moves"]
    assert model["cells_per_side"] == 7
    assert not model["hide_images"]
    assert not model["type_presence_weight"]


def test_names_without_a_data_set_mean_the_first():
    for name in ("paper", "umt", "umt.published", "hvpnet.published"):
        assert load_run_config(name) == load_run_config(f"{name}.twitter2015")
    assert load_run_config("gmf.published.twitter2017") == load_run_config("paper.twitter2017")


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ConfigError, match=r"'umt\.publshed'.*MODEL\.published\.DATASET.*umgf"):
        load_run_config("umt.publshed")


#: Subword labels, missing images, order, what decays, dropout before the emissions.
PUBLIC_CODE = {
    "umt": ("x", "blank", "random", "scores", 0.0),
    "maf": ("x", "blank", "random", "scores", 0.0),
    "umgf": ("x", "blank", "file", "weights", 0.0),
    "hvpnet": ("x", "blank", "random", "all", None),
}


@pytest.mark.parametrize("model", PUBLIC_CODE)
def test_published_follows_the_public_code_and_the_plain_preset_the_common_protocol(model):
    def settings(name):
        config = load_run_config(name)
        options, training = config.model.model_dump(), config.training
        return (
            options["subword_labels"],
            config.data.missing_image,
            training.order,
            training.decayed,
            options["head_dropout"],
        )

    assert settings(f"{model}.published.twitter2017") == PUBLIC_CODE[model]
    assert settings(f"{model}.twitter2017") == ("first", "mask", "length", "weights", None)


@pytest.mark.parametrize("model", ["umt", "maf"])
def test_layers_of_bert_start_and_normalise_as_berts(model):
    options = load_run_config(f"{model}.published").model.model_dump()
    assert (options["initialisation"], options["norm_epsilon"]) == ("bert", 1e-12)
    assert options["text_dropout"] == 0.1


@pytest.mark.parametrize("model", models)
@pytest.mark.parametrize("dataset", DATASETS)
def test_any_model_takes_the_settings_of_the_paper(model, dataset):
    config = load_run_config(dataset, [f"model={model}", "encoders=minilm-mobilenet"])
    assert config.model.name == model
    assert config.training == load_run_config(dataset).training


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_lstm_models_train_fast_and_the_encoders_slowly(dataset):
    assert load_run_config(f"bilstm-crf.{dataset}").training.new_learning_rate == 1e-3
    umt = load_run_config(f"umt.{dataset}").training
    assert umt.learning_rate == umt.new_learning_rate == umt.transitions_learning_rate == 5e-5
    assert load_run_config(f"hvpnet.{dataset}").training.transitions_learning_rate == 5e-2


def test_options_of_a_model_are_checked():
    with pytest.raises(ConfigError, match=r"reads words and has no subwords"):
        load_run_config("bilstm-crf.twitter2015", ["model.subword_labels=x"])
    with pytest.raises(ConfigError, match=r"num_fusion_layers.*greater than or equal to 2"):
        load_run_config("bfcl.twitter2015", ["model.num_fusion_layers=1"])


def test_one_encoder_of_a_packaged_pair_may_be_another():
    config = load_run_config("twitter2017", ["encoders=minilm-mobilenet", "encoders.image=mine"])
    pair = load_run_config("twitter2017", ["encoders=minilm-mobilenet"]).encoders
    assert (config.encoders.text, config.encoders.image) == (pair.text, "mine")
    with pytest.raises(ConfigError, match=r"encoders\.other"):
        load_run_config("twitter2017", ["encoders=minilm-mobilenet", "encoders.other=x"])
