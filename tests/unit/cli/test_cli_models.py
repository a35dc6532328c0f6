import json

import pytest
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.models.registry import models


@pytest.mark.parametrize("command", [["models", "--json"], ["models", "list", "--json"]])
def test_json_lists_every_model_what_it_reads_and_where_it_comes_from(command):
    result = CliRunner().invoke(app, command)
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert list(rows) == list(models)
    assert rows["bilstm-crf"]["text"] == "words"
    assert rows["bilstm-crf"]["images"] == []
    assert rows["bilstm-crf"]["exports"] is False
    assert rows["umgf"]["images"] == ["objects"]
    assert rows["umgf"]["options"]["max_objects"] == 4
    assert rows["umgf"]["exports"] is True
    assert rows["maf"]["text"] == "subwords"
    assert rows["umt"]["title"] == "UMT-BERT-CRF"
    assert {row["origin"] for row in rows.values()} == {"gmf"}
    assert all(row["summary"].endswith(".") for row in rows.values())


def test_table_lists_every_model():
    for command in (["models"], ["models", "list"]):
        result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
        assert result.exit_code == 0
        assert all(name in result.stdout for name in models)
