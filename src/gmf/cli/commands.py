"""The table of commands; each is a shell over functions of the other packages."""

import typer
from transformers.utils import logging

from gmf.cli.data import data_app
from gmf.cli.encoders import encoders_app
from gmf.cli.evaluate import evaluate
from gmf.cli.models import models
from gmf.cli.predict import predict
from gmf.cli.train import train


def mount(app: typer.Typer) -> None:
    """Add all commands; silences the libraries' own progress bars and load reports."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    app.add_typer(data_app, name="data")
    app.add_typer(encoders_app, name="encoders")
    app.command()(models)
    app.command()(train)
    app.command()(evaluate)
    app.command()(predict)
