"""What is read of a request: which query parameters, how much of a body, in which encoding, and its JSON."""

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
"""The largest JSON body that is read: four times ten thousand ids of Spotify, the longest list there is."""

_DRAINED_BYTES = 8 * MOST_BODY_BYTES
"""What is read and thrown away of a larger body, as many clients read no answer before they have sent it."""

MOST_FIELDS = 100
"""In one object: no request has as many names."""

MOST_FIELDS_IN_ALL = 5000
"""In the whole body: the largest request, 500 events of feedback, has 3501. Each may be a fault to tell."""

UNREAD_BODY = {
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_input",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "content_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}
"""Why a body was not read, with the code of the answer: Python's names of statuses differ by version."""

_MOST_DIGITS = 1000
_SHOWN = 40
_MOST_NAMED = 10


class BoundedRoute(APIRoute):
    """A route that reads bodies of a bounded size, and refuses query parameters that nobody reads.

    Integers may have any length: validation, not the parser, names the field.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handler, asked = super().get_route_handler(), set(_parameters(self.dependant))

        async def handle(request: Request) -> Response:
            unknown = [name for name in request.query_params if name not in asked]
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
    """Name the query parameters of a route; a model of them has one in each field."""
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
        """Keep the body for `json`; raises HTTPException where it is compressed or too large."""
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
                f"body: larger than the {MOST_BODY_BYTES} bytes that are read: "
                "send less, or in several requests.",
            )
        self._body = b"".join(pieces)


class _Fields:
    """Takes each object of a body from the parser, and refuses one too many field before any is validated.

    Validation makes a fault for every field, which would keep all other callers waiting for seconds.
    """

    def __init__(self, expected: Any) -> None:
        self._expected, self._names, self._n = expected, dict[str, None](), 0

    def take(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        self._names.update(dict.fromkeys(found))
        self._n += len(pairs)
        if len(pairs) > MOST_FIELDS or self._n > MOST_FIELDS_IN_ALL:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, self._refusal())
        return found

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
