import pytest

from gmf.core.errors import ConfigError
from gmf.experiments.presets import load_run_config, preset_names
from gmf.models.registry import MODELS

DATASETS = ("twitter2015", "twitter2017")
OWN = {f"{model}.{dataset}" for model in MODELS if model != "gmf" for dataset in DATASETS}


DEMO = {"demo-bert-crf", "demo-gmf"}


def test_every_model_has_a_preset_for_both_data_sets():
    assert set(preset_names()) == {*DATASETS, *OWN, *DEMO}


@pytest.mark.parametrize("name", sorted({*DATASETS, *OWN}))
def test_a_preset_is_complete_and_names_its_model(name):
    config = load_run_config(name)
    model = name.rpartition(".")[0] or "gmf"
    assert config.model.name == model
    assert config.data.folder is None


@pytest.mark.parametrize("model", MODELS)
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
