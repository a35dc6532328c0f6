import json

from typer.testing import CliRunner

from gmf.cli.encoders import encoders_app


def test_list_as_table_and_json(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path))
    table = CliRunner().invoke(encoders_app, ["list"])
    assert table.exit_code == 0
    assert "pair mpnet-resnet_thin" in table.stdout
    listed = json.loads(CliRunner().invoke(encoders_app, ["list", "--json"]).stdout)
    assert {row["role"] for row in listed["encoders"]} == {"text", "image", "proposer"}
    assert not any(row["installed"] for row in listed["encoders"])
    assert listed["pairs"]["minilm-mobilenet"]["text"] == "all-MiniLM-L6-v2"
