"""Run an application under uvicorn on a laptop, and say how to call it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.serving.server.front import Front

_TRY = """Segue answers on {url} (documentation: {url}/docs). Stop it with Ctrl+C. Try:

  curl -s {url}/health
"""
_TRY_MODEL = """  curl -s {url}/api/model -H 'content-type: application/json' \\
    -d '{{"customer_id": {customer_id}}}'
  curl -s '{url}/api/model?details=true' -H 'content-type: application/json' \\
    -d '{{"customer_id": {customer_id}}}'
"""


class _Server(uvicorn.Server):
    """Tells when it listens."""

    started_at: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_at()


def run(
    application: Front,
    address: tuple[str, int],
    base_path: str,
    customer_id: int | None,
    say: Callable[[str], None],
) -> None:
    """Serve at a host and port until interrupted.

    ``say`` is given curl lines, which work, once the server listens; about a customer where there is one.

    Raises
    ------
    ConfigError
        The address or port cannot be listened on.
    """
    host, port = address
    # With the protocol named asyncio sends without delay; else an answer waits 40 ms on a connection in use.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError("--port", f"cannot listen on {host}:{port}, {error.strerror or error}.") from error
    server = _Server(uvicorn.Config(application, log_level="warning", access_log=False))
    with listener:
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}{base_path}"
        lines = _TRY if customer_id is None else _TRY + _TRY_MODEL
        server.started_at = lambda: say(lines.format(url=url, customer_id=customer_id))
        server.run(sockets=[listener])
