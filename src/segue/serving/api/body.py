"""Read requests within limits: their query parameters, and the size, encoding and JSON of their bodies."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from fastapi.dependencies.models import Dependant
    from fastapi.responses import Response

MOST_BODY_BYTES = 1 << 20
"""Maximum size of a JSON body; the longest list, ten thousand Spotify ids, needs a quarter."""

_DRAINED_BYTES = 8 * MOST_BODY_BYTES
"""Bytes of a larger body that are read and ignored; many clients read the answer only after sending all."""

MOST_FIELDS = 100
"""Maximum number of fields in one object; every request has fewer."""

MOST_FIELDS_IN_ALL = 5000
"""Maximum number of fields in a body; the largest request, 500 events of feedback, has 3501."""

UNREAD_BODY = {
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_input",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "content_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}
"""Error code for each status of a body that is not read; Python's names of statuses differ by version."""

_MOST_DIGITS = 1000
_SHOWN = 40
_MOST_NAMED = 10


class BoundedRoute(APIRoute):
    """A route that limits the size of bodies and refuses unknown query parameters.

    Integers may have any length, so that validation, and not the parser, reports the field.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request."""
        handler, known = super().get_route_handler(), set(_parameters(self.dependant))

        async def handle(request: Request) -> Response:
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise RequestValidationError(
                    [{"type": "extra_forbidden", "loc": ("query", name)} for name in unknown]
                )
            body = _Body(request.scope, request.receive)
            if self.body_field is not None:
                body.expected = self.body_field.field_info.annotation
                await body.read()
            return await handler(body)

        return handle


def _parameters(dependant: Dependant) -> Iterator[str]:
    """Yield the names of a route's query parameters; each field of a model is one."""
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from kind.model_fields
        else:
            yield field.alias
    for other in dependant.dependencies:
        yield from _parameters(other)


class _Body(Request):
    expected: Any = None

    async def json(self) -> Any:
        fields = _Fields(self.expected)
        return json.loads(await self.body(), parse_int=_integer, object_pairs_hook=fields.take)

    async def read(self) -> None:
        """Read the body for `json`; raise HTTPException if it is compressed or too large."""
        encoding = self.headers.get("content-encoding", "identity")
        if encoding.strip().lower() not in {"", "identity"}:
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"content-encoding: {encoding[:_SHOWN]!r} is not read: send plain JSON, without this header.",
            )
        pieces, size = [], 0
        async for piece in self.stream():
            size += len(piece)
            if size > _DRAINED_BYTES:
                break
            if size <= MOST_BODY_BYTES:
                pieces.append(piece)
        if size > MOST_BODY_BYTES:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"body: larger than the maximum of {MOST_BODY_BYTES} bytes: "
                "send less, or in several requests.",
            )
        self._body = b"".join(pieces)


class _Fields:
    """Counts the fields of each object that the parser reads, and refuses too many before validation.

    Validation makes a fault for each field, which can block all other callers for seconds.
    """

    def __init__(self, expected: Any) -> None:
        self._expected, self._names, self._n = expected, dict[str, None](), 0

    def take(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        self._names.update(dict.fromkeys(fields))
        self._n += len(pairs)
        if len(pairs) > MOST_FIELDS or self._n > MOST_FIELDS_IN_ALL:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, self._refusal())
        return fields

    def _refusal(self) -> str:
        schema = TypeAdapter(self._expected).json_schema()
        parts = (schema, *schema.get("$defs", {}).values())
        known = {name for part in parts for name in part.get("properties", ())}
        unknown = [name[:_SHOWN] for name in self._names if name not in known]
        if unknown:
            first = ", ".join(unknown[:_MOST_NAMED])
            more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
            return f"{first}{more}: no such fields; check their spelling, or leave them out."
        return (
            f"body: more than {MOST_FIELDS} fields in one object, or {MOST_FIELDS_IN_ALL} in all: "
            "send each field once, or several requests."
        )


def _integer(digits: str) -> int | float:
    if len(digits) < _MOST_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf
