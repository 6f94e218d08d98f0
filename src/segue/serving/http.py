"""HTTP: the FastAPI application of a function, errors as problem+json, and the Lambda entry point."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST
from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from mangum import Mangum
from starlette.exceptions import HTTPException

import segue
from segue import __version__, errors
from segue.artifacts.family import CLUSTERS, GENRE_PREFERENCE, HYBRID
from segue.serving.contracts import Problem
from segue.serving.telemetry import ANSWERS, SERVER_ERRORS, count, logger, metrics
from segue.serving.validation import say_what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from segue.serving.settings import TierSettings
    from segue.serving.tier import Tier


class Refreshed(Protocol):
    """A model that is loaded when it is first asked for, and looked up again from time to time."""

    def get(self) -> Any:
        """Return the live model; raises ArtifactError if there is none."""

    def expire(self) -> None:
        """Look for a newer one on the next call."""


STATUS: dict[type[errors.SegueError], HTTPStatus] = {
    errors.CustomerNotFoundError: HTTPStatus.NOT_FOUND,
    errors.TrackNotFoundError: HTTPStatus.NOT_FOUND,
    errors.ArtistNotFoundError: HTTPStatus.NOT_FOUND,
    errors.ImportNotFoundError: HTTPStatus.NOT_FOUND,
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.EmptyHistoryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AuthError: HTTPStatus.FORBIDDEN,
    errors.ArtifactError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SourceError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StateUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SegueError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The one table from errors to statuses; a class without a row has that of its nearest ancestor."""

RETRY_AFTER_S = 5
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "The caller can mend it; detail says how."},
    "5XX": {"model": Problem, "description": "Try again after Retry-After."},
}
"""What every route may answer besides success, for its OpenAPI description."""

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="one per request, the same when it is sent again"),
]
"""The header Idempotency-Key, for routes that can be sent twice."""

_PROBLEM_JSON = "application/problem+json"
_TEXT = ["application/json", _PROBLEM_JSON, "text/html", "image/svg+xml"]
_SORRY = "The request cannot be answered now. It was logged under its request_id."
_SAID = {
    errors.NotCountedError.code: "The events are kept, but not all of them count yet: send the same request "
    "again. Under the same event_id, at or Idempotency-Key nothing counts twice."
}
"""What an answer of 500 and above may say instead of `_SORRY`, by code."""

_MOST_DIGITS = 1000
_NEW_OBJECTS = 20_000
"""That are made before the collector looks: by Python's 700 it looks nine times while a history is read."""
_UNREADABLE = "body: not readable as JSON in UTF-8, or nested too deeply."
_ROUTES = "docs/openapi.json lists those there are, and a local server shows them at /docs."
_MODELS = {GENRE_PREFERENCE: "Genre model", HYBRID: "Recommender", CLUSTERS: "Clusters"}


def http_api(title: str) -> FastAPI:
    """Build a function's application; documentation pages are the local server's business."""
    # Behind API Gateway a redirect would lead to an address without the stage.
    api = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    return _with_errors(api)


def local_api(functions: Iterable[FastAPI]) -> FastAPI:
    """Join the functions' applications into one, with documentation pages that need no internet."""
    from fastapi_offline import FastAPIOffline

    api = FastAPIOffline(
        title="Segue", version=__version__, description=segue.__doc__, redirect_slashes=False
    )
    for function in functions:
        api.include_router(function.router)
    return _with_errors(api)


class _Body(Request):
    async def json(self) -> Any:
        return json.loads(await self.body(), parse_int=_integer)


class _Route(APIRoute):
    """A route whose bodies may hold integers of any length: validation, not the parser, names the field."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_Body(request.scope, request.receive))

        return handle


def _integer(digits: str) -> int | float:
    if len(digits) < _MOST_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def _with_errors(api: FastAPI) -> FastAPI:
    api.router.route_class = _Route
    api.add_exception_handler(errors.SegueError, _on_error)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(Exception, _on_unexpected)
    return api


def lambda_entry(api: FastAPI, *models: Refreshed) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return the Lambda handler of an application.

    Models are loaded at INIT, so that a SnapStart snapshot holds them, and looked up again after a
    restore. That INIT finds no model or no store is no reason to fail: the first request tries again.
    """
    from snapshot_restore_py import register_after_restore

    for model in models:
        register_after_restore(model.expire)
        with contextlib.suppress(errors.ArtifactError):  # raised again, and logged, by the first request
            model.get()
    # What is loaded by now stays: a collection takes 1 ms without it, 80 with it, and an answer waits for it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    # Mangum takes other types for binary and would answer them in base64.
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

    The key's id comes from API Gateway, which has checked the key; no caller can write it.
    """

    async def find(request: Request) -> Tier:  # a plain function would be given a thread of its own
        return settings.of_key.get(_key_id(request), settings.default)

    return Depends(find)


def caller_key() -> Any:
    """Return the dependency that finds the id of a caller's key, empty on a laptop."""

    async def find(request: Request) -> str:
        return _key_id(request)

    return Depends(find)


def server_url() -> Any:
    """Return the dependency that finds the address that the caller used for this server."""

    async def find(request: Request) -> str:
        return str(request.base_url)

    return Depends(find)


def _key_id(request: Request) -> str:
    context = request.scope.get("aws.event", {}).get("requestContext") or {}
    return str((context.get("identity") or {}).get("apiKeyId") or "")


def problem(status: HTTPStatus, code: str, detail: str, request: Request, *, error: str = "") -> JSONResponse:
    """Answer with problem+json (RFC 9457); ``error`` is the short form for clients of the first routes."""
    body = Problem(
        type=f"urn:segue:error:{code}",
        title=status.phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=_request_id(request),
        error=error or detail,
    )
    retry = {"retry-after": str(RETRY_AFTER_S)} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        count(SERVER_ERRORS)
    return JSONResponse(body.model_dump(), status, headers=retry, media_type=_PROBLEM_JSON)


def _on_error(request: Request, error: Exception) -> JSONResponse:
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    status, code = STATUS[kind], getattr(error, "code", "segue")
    if isinstance(error, (errors.RequestError, errors.AuthError)):
        logger.info("request refused", extra={"code": code, "detail": str(error)})
        return problem(status, code, str(error), request)
    if isinstance(error, errors.AliasNotFoundError):
        logger.warning("no model is live", extra={"family": error.family})
        name = _MODELS.get(error.family, f"{error.family} model")
        detail = f"{name} not found. Train and promote one: {error.made_by}"
        return problem(status, code, detail, request, error=f"{name} not found")
    logger.error("request failed", exc_info=error, extra={"code": code})
    public = isinstance(error, errors.VariantUnservableError)
    return problem(status, code, str(error) if public else _SAID.get(code, _SORRY), request)


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    detail = _refusal(request, error)
    logger.info("request refused", extra={"code": "invalid_input", "detail": detail})
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", detail, request)


def _on_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # FastAPI's answer to a body that Python cannot even decode
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", _UNREADABLE, request)
    code = status.phrase.lower().replace(" ", "_")
    says = f"{status.phrase}."
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        says = f"this route takes {(error.headers or {}).get('Allow', 'other methods')} only."
    if status is HTTPStatus.NOT_FOUND:
        says = f"there is no such route; {_ROUTES}"
    response = problem(status, code, f"{request.method} {request.url.path}: {says}", request)
    response.headers.update(error.headers or {})
    return response


def _on_unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("unexpected error", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", _SORRY, request)


def _refusal(request: Request, error: RequestValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"body: not valid JSON at character {first['loc'][-1]}, {first['ctx']['error']}"
    # Each place begins with body, query, path or header; one that ends there is the whole body.
    whole = [fault for fault in error.errors() if all(str(part).startswith("(") for part in fault["loc"][1:])]
    if whole and whole[0]["type"] != "value_error":
        return "body: send a JSON object, with the header content-type: application/json"
    if whole:
        return f"body: {whole[0]['msg'].removeprefix('Value error, ')}"
    faults = [{**fault, "loc": fault["loc"][1:]} for fault in error.errors()]
    return say_what_is_wrong(faults, error.body, _example(request))


def _example(request: Request) -> Any:
    """Return what the route describes as a request that is right, or None."""
    field = getattr(request.scope.get("route"), "body_field", None)
    extra = getattr(field and field.field_info.annotation, "model_config", {}).get("json_schema_extra") or {}
    return next(iter(extra.get("examples", ())), None)


def _request_id(request: Request) -> str:
    context = request.scope.get("aws.context")
    return str(getattr(context, "aws_request_id", None) or uuid.uuid4())
