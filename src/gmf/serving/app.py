"""The REST service."""

import asyncio
from typing import Any

from fastapi import Depends, FastAPI, Request, Response, params
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from gmf.prediction.pipeline import Pipeline
from gmf.serving.batches import Batches
from gmf.serving.config import ServeConfig
from gmf.serving.guard import ApiKey, Guard
from gmf.serving.intake import NDJSON, Intake, is_ndjson
from gmf.serving.lines import LinesResponse
from gmf.serving.openapi import (
    DESCRIPTION,
    add_document,
    line_answers,
    post_body,
    posts_body,
    refusals,
    tags,
)
from gmf.serving.page import add_page
from gmf.serving.problems import RefusedError, http_error, response_of
from gmf.serving.regions import RegionFinder
from gmf.serving.schemas import BatchEntities, Entities, Model, State
from gmf.serving.service import Service

_WORK = (408, 413, 415, 422, 429, 503)


def create_app(
    pipeline: Pipeline,
    *,
    config: ServeConfig | None = None,
    api_key: str | None = None,
    finder: RegionFinder | None = None,
) -> FastAPI:
    """Return the service as an ASGI application.

    Args:
        pipeline: A trained model, used by this application alone.
        config: Limits; the defaults when ``None``.
        api_key: Key that requests must bring; everybody may ask when ``None``.
        finder: Finds regions in images that come without.
    """
    config = config or ServeConfig()
    service, intake = Service(pipeline, config, finder=finder), Intake(config)
    model = service.engine.describe(config)
    app = FastAPI(
        title="gmf",
        description=DESCRIPTION,
        version=model.version,
        docs_url=None,
        redoc_url=None,
        # To http://, where a proxy speaks TLS: such a redirect loses the post.
        redirect_slashes=False,
        openapi_tags=list(tags()),
        lifespan=lambda _: service.running(),
    )
    app.state.service = service

    async def refuse(_: Request, error: RefusedError) -> Response:
        service.metrics.refusals.labels(error.reason).inc()
        return response_of(error)

    app.add_exception_handler(RefusedError, refuse)  # pyright: ignore[reportArgumentType]
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(Guard, config=config, metrics=service.metrics)
    guarded = [Depends(ApiKey(api_key))]
    if api_key is not None:
        guarded.append(Depends(HTTPBearer(auto_error=False, description="The API key.")))
    denied = (401,) if api_key is not None else ()
    _add_entities(app, service, intake, guarded=guarded, denied=denied)
    _add_operation(app, service, model, guarded=guarded, denied=denied)
    add_page(app)
    add_document(app, config)
    return app


def _add_entities(
    app: FastAPI,
    service: Service,
    intake: Intake,
    *,
    guarded: list[params.Depends],
    denied: tuple[int, ...],
) -> None:
    shared: dict[str, Any] = {"tags": ["entities"], "dependencies": guarded}
    batches = Batches(service, intake)

    @app.post(
        "/v1/entities",
        responses=refusals(*denied, *_WORK),
        openapi_extra=post_body(),
        summary="Find the entities of a post",
        **shared,
    )
    async def entities(request: Request) -> Entities:
        deadline = _deadline(service)
        post = await _arrived(intake.post(request), deadline)
        request.state.log |= {"posts": 1, "images": len(post.images)}
        answer = (await service.answer([post], deadline=deadline))[0]
        if isinstance(answer, RefusedError):
            raise answer
        return answer

    @app.post(
        "/v1/entities/batch",
        responses=line_answers() | refusals(*denied, *_WORK),
        openapi_extra=posts_body(),
        summary="Find the entities of several posts; an unusable post harms no other",
        response_model=BatchEntities,
        **shared,
    )
    async def batch(request: Request) -> BatchEntities | LinesResponse:
        deadline = _deadline(service)
        if is_ndjson(request):
            lines = intake.lines(request)
            await _arrived(lines.begin(), deadline)
            items = batches.lines(lines, log=request.state.log)
            return LinesResponse(items, media_type=NDJSON[0])
        posts = await _arrived(intake.posts(request), deadline)
        request.state.log |= {"posts": len(posts)}
        # Its own deadline: what the model is too slow for is another refusal.
        items = await _arrived(batches.answer(posts, deadline=deadline), None)
        return BatchEntities(items=items)


def _add_operation(
    app: FastAPI,
    service: Service,
    model: Model,
    *,
    guarded: list[params.Depends],
    denied: tuple[int, ...],
) -> None:
    shared: dict[str, Any] = {"tags": ["operation"]}
    closed: dict[str, Any] = {**shared, "dependencies": guarded, "responses": refusals(*denied)}

    @app.get("/v1/model", summary="What is served, and its limits", **closed)
    async def describe() -> Model:
        return model

    @app.get("/metrics", summary="Metrics for Prometheus", response_class=Response, **closed)
    async def metrics() -> Response:
        return Response(service.metrics.render(), media_type=service.metrics.content_type)

    @app.get("/health", summary="Whether the process lives", **shared)
    async def health() -> State:
        return State(status="alive")

    @app.get("/ready", summary="Whether posts are accepted", responses=refusals(503), **shared)
    async def ready() -> State:
        if not service.is_ready:
            raise RefusedError(503, "No more posts are accepted now.", reason="not_ready")
        return State(status="ready")


def _deadline(service: Service) -> float:
    return asyncio.get_running_loop().time() + service.config.timeout_seconds


async def _arrived(reading: Any, deadline: float | None) -> Any:
    try:
        async with asyncio.timeout_at(deadline):
            return await reading
    except TimeoutError as error:
        detail = "The request did not arrive and unpack in time; send less at once."
        raise RefusedError(408, detail, reason="slow") from error
