"""Answer errors as problem+json (RFC 9457): their statuses, public messages and logs."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware

from segue import errors
from segue.artifacts.family import CLUSTERS, GENRE_PREFERENCE, HYBRID
from segue.serving.api.body import UNREAD_BODY
from segue.serving.api.contract import Problem
from segue.serving.api.telemetry import SERVER_ERRORS, count, logger
from segue.serving.api.validation import name_faults, say_what_is_wrong, shortened

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

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
"""HTTP status of each error class; a class without a row has that of its nearest ancestor."""

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 5
_SORRY = "The request cannot be answered now. It was logged under its request_id."
_PUBLIC_TEXT = {
    errors.NotCountedError.code: "The events are kept, but not all of them count yet: send the same request "
    "again. With the same event_id, at or Idempotency-Key nothing counts twice."
}
"""Text of answers of 500 and above by code; all others have `_SORRY`."""

_UNREADABLE = "body: not readable as JSON in UTF-8, or nested too deeply."
_ROUTES = "docs/openapi.json lists all routes, and a local server shows them at /docs."
_MODELS = {GENRE_PREFERENCE: "Genre model", HYBRID: "Recommender", CLUSTERS: "Clusters"}
_MOST_OF_PATH = 200


def add_handlers(api: FastAPI) -> None:
    """Answer every error of an application with problem+json; call this before middleware is added."""
    api.add_exception_handler(errors.SegueError, _on_error)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    # As an exception handler, it would run outside the CORS middleware, and its answers would lack headers.
    api.add_middleware(ServerErrorMiddleware, handler=_on_unexpected)


def problem(status: HTTPStatus, code: str, detail: str, request: Request, *, error: str = "") -> JSONResponse:
    """Answer with problem+json; ``error`` is the short form for clients of the first routes.

    Both texts are limited in length, because they may quote what a caller sent.
    """
    body = Problem(
        type=f"urn:segue:error:{code}",
        title=status.phrase,
        status=status,
        code=code,
        detail=shortened(detail),
        request_id=_request_id(request),
        error=shortened(error or detail),
    )
    retry = {"retry-after": str(RETRY_AFTER_S)} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        count(SERVER_ERRORS)
    return JSONResponse(body.model_dump(), status, headers=retry, media_type=PROBLEM_JSON)


def _on_error(request: Request, error: Exception) -> JSONResponse:
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    status, code = STATUS[kind], getattr(error, "code", "segue")
    if isinstance(error, (errors.RequestError, errors.AuthError)):
        _log_refusal(request, code)
        return problem(status, code, str(error), request)
    if isinstance(error, errors.AliasNotFoundError):
        logger.warning("no model is live", extra={"family": error.family})
        name = _MODELS.get(error.family, f"{error.family} model")
        detail = f"{name} not found. Train and promote one: {error.made_by}"
        return problem(status, code, detail, request, error=f"{name} not found")
    logger.error("request failed", exc_info=error, extra={"code": code})
    public = isinstance(error, (errors.VariantUnservableError, errors.NoStoreError))
    return problem(status, code, str(error) if public else _PUBLIC_TEXT.get(code, _SORRY), request)


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    _log_refusal(request, "invalid_input", name_faults(error.errors()))
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", _refusal(request, error), request)


def _on_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # FastAPI's answer to a body that Python cannot decode
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", _UNREADABLE, request)
    if status in UNREAD_BODY:
        _log_refusal(request, UNREAD_BODY[status])
        return problem(status, UNREAD_BODY[status], error.detail, request)
    code = status.phrase.lower().replace(" ", "_")
    detail = f"{status.phrase}."
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"this route takes {(error.headers or {}).get('Allow', 'other methods')} only."
    if status is HTTPStatus.NOT_FOUND:
        detail = f"there is no such route; {_ROUTES}"
    place = shortened(f"{request.method} {request.url.path}", _MOST_OF_PATH)
    response = problem(status, code, f"{place}: {detail}", request)
    response.headers.update(error.headers or {})
    return response


def _on_unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("unexpected error", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", _SORRY, request)


def _log_refusal(request: Request, code: str, faults: list[str] | None = None) -> None:
    """Log the route and the fields at fault, but no values of the caller, which may be personal data."""
    route = getattr(request.scope.get("route"), "path", "")
    logger.info("request refused", extra={"code": code, "route": route, "faults": faults or []})


def _refusal(request: Request, error: RequestValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"body: not valid JSON at character {first['loc'][-1]}, {first['ctx']['error']}"
    # Each place begins with body, query, path or header; a place with no more parts is the whole body.
    whole = [fault for fault in error.errors() if all(str(part).startswith("(") for part in fault["loc"][1:])]
    if whole and whole[0]["type"] != "value_error":
        return "body: send a JSON object, with the header content-type: application/json"
    if whole:
        return f"body: {whole[0]['msg'].removeprefix('Value error, ')}"
    return say_what_is_wrong(error.errors(), error.body, _example(request), after=1)


def _example(request: Request) -> Any:
    """Return the route's example of a valid request, or None."""
    field = getattr(request.scope.get("route"), "body_field", None)
    extra = getattr(field and field.field_info.annotation, "model_config", {}).get("json_schema_extra") or {}
    return next(iter(extra.get("examples", ())), None)


def _request_id(request: Request) -> str:
    context = request.scope.get("aws.context")
    return str(getattr(context, "aws_request_id", None) or uuid.uuid4())
