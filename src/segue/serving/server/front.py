"""The local server's access log and its limit on waiting requests."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import Request

from segue.serving.api.http import allow_pages
from segue.serving.api.problem import problem
from segue.serving.settings.environment import web_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BUSY = "Too many requests are waiting: send this one again after Retry-After."


class Front:
    """Answers 503 at once if too many requests are waiting, and logs every answer.

    Parameters
    ----------
    most_waiting : int
        Maximum number of requests that wait or are answered at one time. Without a limit, an overloaded
        server answers only callers that have already given up.
    log : callable, optional
        Called with a line for each answer: time, method, route, status and milliseconds. The route has no ids
        in it, because they are personal data.
    """

    def __init__(
        self, application: ASGIApp, most_waiting: int, log: Callable[[str], None] | None = None
    ) -> None:
        self._application, self._most_waiting, self._log = application, most_waiting, log
        self._waiting = 0
        self._busy = allow_pages(_busy, web_settings().origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        began_at_s, status = time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        self._waiting += 1
        is_busy = self._waiting > self._most_waiting
        try:
            if is_busy:
                await self._busy(scope, receive, send_and_note)
            else:
                # An answer blocks the loop, so requests that arrived at the same time are counted first.
                await asyncio.sleep(0)
                await self._application(scope, receive, send_and_note)
        finally:
            self._waiting -= 1
            if self._log:
                route = getattr(scope.get("route"), "path", "(busy)" if is_busy else "(no route)")
                took_ms = (time.perf_counter() - began_at_s) * 1000
                now = datetime.now(UTC).isoformat(timespec="milliseconds")
                self._log(f"{now} {scope['method']} {route} {status} {took_ms:.0f} ms")


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", _BUSY, Request(scope))
    await answer(scope, receive, send)
