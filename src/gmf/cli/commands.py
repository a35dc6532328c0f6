"""The table of commands; each is a shell over functions of the other packages."""

import typer
from transformers.utils import logging

from gmf.cli.cache import cache_app
from gmf.cli.data import data_app
from gmf.cli.demo import demo
from gmf.cli.encoders import encoders_app
from gmf.cli.evaluate import evaluate
from gmf.cli.export import export
from gmf.cli.hub import hub_app
from gmf.cli.models import models
from gmf.cli.predict import predict
from gmf.cli.regions import regions_app
from gmf.cli.score import compare_command, score_command
from gmf.cli.serve import serve
from gmf.cli.train import train


def mount(app: typer.Typer) -> None:
    """Add all commands; silences the libraries' own progress bars and load reports."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    app.add_typer(data_app, name="data")
    app.add_typer(encoders_app, name="encoders")
    app.add_typer(cache_app, name="cache")
    app.add_typer(regions_app, name="regions")
    app.add_typer(hub_app, name="hub")
    app.command()(models)
    app.command()(train)
    app.command()(evaluate)
    app.command()(predict)
    app.command("score")(score_command)
    app.command("compare")(compare_command)
    app.command()(demo)
    app.command()(export)
    app.command()(serve)
