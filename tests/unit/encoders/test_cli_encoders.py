import json

from typer.testing import CliRunner

from gmf.cli.encoders import encoders_app
from gmf.models.text_encoders import TEXT_FAMILIES
from gmf.models.text_encoders.base import TextFamily


def test_list_as_table_and_json(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path))
    table = CliRunner().invoke(encoders_app, ["list"])
    assert table.exit_code == 0
    assert "pair mpnet-resnet_thin" in table.stdout
    listed = json.loads(CliRunner().invoke(encoders_app, ["list", "--json"]).stdout)
    assert {row["role"] for row in listed["encoders"]} == {"text", "image", "proposer"}
    assert not any(row["installed"] for row in listed["encoders"])
    assert listed["pairs"]["minilm-mobilenet"]["text"] == "all-MiniLM-L6-v2"


def test_families_with_clues_strides_and_where_each_comes_from(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path))
    monkeypatch.setattr(TEXT_FAMILIES, "_registered", {})

    @TEXT_FAMILIES.register("my_encoder")
    class MyFamily(TextFamily):
        pass

    listed = json.loads(CliRunner().invoke(encoders_app, ["list", "--families", "--json"]).stdout)
    text = {row["name"]: row for row in listed["text_families"]}
    assert text["roberta"] == {"name": "roberta", "clues": True, "source": "gmf"}
    assert text["my_encoder"] == {"name": "my_encoder", "clues": False, "source": __file__}
    images = {row["name"]: row for row in listed["image_families"]}
    assert images["resnet"] == {"name": "resnet", "strides": [4, 8, 16, 32], "source": "gmf"}
    assert images["clip"]["strides"] == [32] * 4
    table = CliRunner().invoke(encoders_app, ["list", "--families"], env={"COLUMNS": "200"}).stdout
    for words in ("my_encoder", "any other bidirectional one", "4, 8, 16, 32"):
        assert words in table
