"""The server process: binds a socket, serves until a signal, then finishes what it accepted."""

import logging
import signal
import socket
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from gmf.core.errors import ConfigError
from gmf.prediction.pipeline import Pipeline
from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig
from gmf.serving.connection import connections
from gmf.serving.logs import log_config
from gmf.serving.regions import RegionFinder


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket.

    Raises:
        ConfigError: If the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot listen on {host} port {port}: {error}") from error


def serve_pipeline(
    pipeline: Pipeline,
    *,
    listener: socket.socket,
    config: ServeConfig,
    api_key: str | None = None,
    finder: RegionFinder | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; accepted requests are finished first.

    Args:
        pipeline: A trained model.
        listener: A bound socket.
        config: Limits.
        api_key: Key that requests must bring.
        finder: Finds regions in images that come without.
    """
    logging.captureWarnings(True)  # They would break the lines of the log.
    app = create_app(pipeline, config=config, api_key=api_key, finder=finder)
    server = server_of(app, log_config=log_config())
    # Uvicorn raises the signal again once it has stopped; a clean stop is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    server.run(sockets=[listener])


def server_of(app: FastAPI, **options: Any) -> uvicorn.Server:
    """Return the server of an application, under its limits.

    Args:
        app: From ``create_app``.
        **options: Further options of ``uvicorn.Config``.
    """
    config: ServeConfig = app.state.service.config
    settings = uvicorn.Config(
        app,
        http=connections(config),
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=config.keep_alive_seconds,
        timeout_graceful_shutdown=int(config.timeout_seconds) + 5,
        **options,
    )
    return uvicorn.Server(settings)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    return
