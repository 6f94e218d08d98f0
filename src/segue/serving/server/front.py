"""What stands before the application on a server: an access log, and a bound on waiting requests."""

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

_BUSY = "More requests wait than can be answered soon: send this one again after Retry-After."


class Front:
    """Answer 503 at once where too many requests wait, and log every answer.

    Parameters
    ----------
    most_waiting : int
        Requests that may wait or be answered at one time. Without a bound, all callers give up on a server
        that is asked for more than it can do, and it goes on answering nobody.
    log : callable, optional
        Given one line an answer: when, method, route, status and milliseconds. The route is as it is
        described, without the ids that a path holds, as those are about people.
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

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        self._waiting += 1
        shed = self._waiting > self._most_waiting
        try:
            if shed:
                await self._busy(scope, receive, noting)
            else:
                await asyncio.sleep(
                    0
                )  # an answer keeps the loop busy: those that came with it are counted first
                await self._application(scope, receive, noting)
        finally:
            self._waiting -= 1
            if self._log:
                route = getattr(scope.get("route"), "path", "(busy)" if shed else "(no route)")
                took_ms = (time.perf_counter() - began_at_s) * 1000
                now = datetime.now(UTC).isoformat(timespec="milliseconds")
                self._log(f"{now} {scope['method']} {route} {status} {took_ms:.0f} ms")


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", _BUSY, Request(scope))
    await answer(scope, receive, send)
