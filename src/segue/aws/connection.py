"""Kept-alive connections to one host, each used by one thread at a time."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
from collections import deque
from functools import cache
from weakref import WeakSet

_KEPT = 16
_IDLE_S = 15.0
"""Seconds after which a connection is closed that nobody used: AWS closes it after some 20."""

_every: WeakSet[Connections] = WeakSet()


class Connections:
    """Opens connections, and keeps those that came back for the next request.

    Idle time is measured by the wall clock, as Lambda stops the others while it freezes a function.
    """

    def __init__(self, host: str, authorities: str | None, *, secure: bool) -> None:
        self._host, self._secure, self._authorities = host, secure, authorities
        self._idle: deque[tuple[http.client.HTTPConnection, float]] = deque()
        _every.add(self)

    def take(self, timeout_s: float) -> tuple[http.client.HTTPConnection, bool]:
        """Return a connection, and whether it was kept, so that it may have been closed by the server."""
        with contextlib.suppress(IndexError):
            connection, since_s = self._idle.pop()
            if 0 <= time.time() - since_s < _IDLE_S and connection.sock:
                connection.sock.settimeout(timeout_s)
                return connection, True
            connection.close()
            self.drop()  # all others came back earlier
        if self._secure:
            return http.client.HTTPSConnection(
                self._host, timeout=timeout_s, context=_tls(self._authorities)
            ), False
        return http.client.HTTPConnection(self._host, timeout=timeout_s), False

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        """Keep a connection whose answer was read to its end, unless enough are kept."""
        if len(self._idle) < _KEPT:
            self._idle.append((connection, time.time()))
        else:
            connection.close()

    def drop(self) -> None:
        """Close what is kept."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop()[0].close()


def drop_connections() -> None:
    """Close every kept connection of this process: none outlives a snapshot."""
    for connections in list(_every):
        connections.drop()


@cache
def _tls(authorities: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authorities)
