import json

import typer
from typer.testing import CliRunner

from gmf.cli.models import models
from gmf.models.registry import MODELS

app = typer.Typer()
app.command()(models)


def test_json_lists_every_model_and_what_it_reads():
    result = CliRunner().invoke(app, ["--json"])
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert list(rows) == list(MODELS)
    assert rows["bilstm-crf"]["text"] == "words"
    assert rows["bilstm-crf"]["images"] == []
    assert rows["umgf"]["images"] == ["objects"]
    assert rows["umgf"]["options"]["max_objects"] == 4
    assert rows["maf"]["text"] == "subwords"
    assert all(row["summary"].endswith(".") for row in rows.values())


def test_table_lists_every_model():
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert all(name in result.stdout for name in MODELS)
