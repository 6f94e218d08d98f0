"""The FastAPI application of a function, the dependencies of its routes, and the Lambda entry point."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST
from fastapi import Depends, FastAPI, Header, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from mangum import Mangum

import segue
from segue import __version__, errors
from segue.aws.connection import drop_connections
from segue.serving.api.body import BoundedRoute
from segue.serving.api.contract import Problem
from segue.serving.api.description import describe, operation_id
from segue.serving.api.problem import PROBLEM_JSON, add_handlers
from segue.serving.api.telemetry import ANSWERS, count, logger, metrics
from segue.serving.settings.environment import web_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fastapi import APIRouter
    from starlette.types import ASGIApp, Receive, Scope, Send

    from segue.serving.api.tier import Tier
    from segue.serving.settings.environment import TierSettings


class Refreshed(Protocol):
    """A model that is loaded on first use and refreshed from time to time."""

    def get(self) -> Any:
        """Return the live model; raises ArtifactError if there is none."""

    def expire(self) -> None:
        """Look for a newer version on the next call."""


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "The caller can fix it; detail says how."},
    "5XX": {"model": Problem, "description": "Try again after Retry-After."},
}
"""OpenAPI descriptions of the error responses of every route."""

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="unique for each request; the same if it is sent again"),
]
"""The header Idempotency-Key, for routes where a request may be sent again."""

_TEXT = ["application/json", PROBLEM_JSON, "text/html", "image/svg+xml"]
_NEW_OBJECTS = 20_000
"""Number of new objects before a garbage collection; Python's 700 cause nine while a history is read."""


def http_api(title: str) -> FastAPI:
    """Build a function's application, without documentation pages."""
    # Behind API Gateway, a redirect leads to an address without the stage.
    api = FastAPI(
        title=title,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    return _prepared(api)


def local_api(functions: Iterable[FastAPI], *more: APIRouter) -> FastAPI:
    """Join the functions' applications and more routes, with documentation pages that work offline."""
    from fastapi_offline import FastAPIOffline

    api = FastAPIOffline(
        title="Segue",
        version=__version__,
        description=segue.__doc__,
        redirect_slashes=False,
        root_path_in_servers=False,
    )
    _add_front_page(api)
    pages = list(api.routes)
    for function in functions:
        api.include_router(function.router)
        pages += function.routes
    for route in pages:  # the server omits the body
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            api.add_api_route(route.path, route.endpoint, methods=["HEAD"], include_in_schema=False)
    for router in more:
        api.include_router(router)
    described: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:
        if not described:
            described.append(describe(api, web_settings().base_path))
        return described[0]

    api.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way to extend it
    return _prepared(api)


def _prepared(api: FastAPI) -> FastAPI:
    api.router.route_class = BoundedRoute
    add_handlers(api)
    web = web_settings()
    if web.base_path:
        api.add_middleware(_BelowBasePath, base_path=web.base_path)
    api.add_middleware(allow_pages, origins=web.origins)
    return api


def allow_pages(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let web pages of these origins, if any, read the application's answers (CORS)."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "HEAD", "POST", "PUT"],
        allow_headers=["content-type", "idempotency-key", "x-api-key"],
        expose_headers=["retry-after"],
    )


class _BelowBasePath:
    """Lets routes answer with and without a base path, which a custom domain's mapping sends."""

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app, self._base_path = app, base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = self._base_path
        if scope.get("path") == self._base_path:
            scope["path"] = f"{self._base_path}/"
        await self._app(scope, receive, send)


def _add_front_page(api: FastAPI) -> None:
    @api.get("/", include_in_schema=False)
    def front_page(request: Request) -> dict[str, str]:
        base = request.scope.get("root_path", "")
        return {
            "service": "Segue",
            "version": __version__,
            "about": str(segue.__doc__),
            "documentation": f"{base}/docs",
            "description": f"{base}/openapi.json",
            "health": f"{base}/health",
        }


def lambda_entry(api: FastAPI, *models: Refreshed) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return the Lambda handler of an application.

    Models are loaded at INIT, so that a SnapStart snapshot contains them, and are refreshed after a restore.
    INIT does not fail without a model or a store; the first request tries again.
    """
    from snapshot_restore_py import register_after_restore

    register_after_restore(drop_connections)
    for model in models:
        register_after_restore(model.expire)
        with contextlib.suppress(errors.ArtifactError):  # the first request raises and logs it again
            model.get()
    # Objects loaded by now stay: a collection takes 1 ms without them and 80 ms with them, during an answer.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    # Mangum treats other types as binary and answers them in base64.
    adapter = Mangum(api, lifespan="off", text_mime_types=_TEXT)

    @logger.inject_lambda_context(clear_state=True, correlation_id_path=API_GATEWAY_REST)
    @metrics.log_metrics(capture_cold_start_metric=True)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        count(ANSWERS)
        return adapter(event, context)

    entry: Callable[[dict[str, Any], Any], dict[str, Any]] = handler
    return entry


def caller_tier(settings: TierSettings) -> Any:
    """Return the dependency that finds a caller's tier: ``tier: Annotated[Tier, caller_tier(settings)]``.

    The key's id comes from API Gateway, which has checked the key; a caller cannot set it.
    """

    async def find(request: Request) -> Tier:  # async, because a plain function would run in a thread
        return settings.of_key.get(_key_id(request), settings.default)

    return Depends(find)


def caller_key() -> Any:
    """Return the dependency that finds the id of a caller's key; empty on a laptop."""

    async def find(request: Request) -> str:
        return _key_id(request)

    return Depends(find)


def server_url() -> Any:
    """Return the dependency that finds this server's address, for links to it.

    The address is SEGUE_PUBLIC_URL, or that of the socket; never the header Host, which a caller can set.
    """
    web = web_settings()

    async def find(request: Request) -> str:
        host, port = request.scope["server"]
        host = f"[{host}]" if ":" in host else host
        return web.public_url or f"{request.url.scheme}://{host}:{port}{web.base_path}"

    return Depends(find)


def _key_id(request: Request) -> str:
    context = request.scope.get("aws.event", {}).get("requestContext") or {}
    return str((context.get("identity") or {}).get("apiKeyId") or "")
