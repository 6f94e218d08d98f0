"""Run an application with uvicorn on a laptop, and print how to call it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from segue.artifacts.family import FAMILIES, PINNED
from segue.errors import ArtifactError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.serving.operations.models import ModelsResponse
    from segue.serving.server.front import Front

_TRY = """Segue answers on {url} (documentation: {url}/docs). Stop it with Ctrl+C. Try:

  curl -s {url}/health
"""
_COLUMN = max(map(len, (*FAMILIES, *PINNED)))
_TRY_MODEL = """  curl -s {url}/api/model -H 'content-type: application/json' \\
    -d '{{"customer_id": {customer_id}}}'
  curl -s '{url}/api/model?details=true' -H 'content-type: application/json' \\
    -d '{{"customer_id": {customer_id}}}'
"""


class _Server(uvicorn.Server):
    """Calls ``on_start`` when it listens."""

    on_start: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_start()


def run(
    application: Front,
    address: tuple[str, int],
    base_path: str,
    customer_id: int | None,
    served: Callable[[], ModelsResponse],
    echo: Callable[[str], None],
) -> None:
    """Serve at a host and port until interrupted.

    When the server listens, ``echo`` is called with a table of the ``served`` models, and with curl commands
    that work. Some of them are about the customer, if given.

    Raises
    ------
    ConfigError
        The server cannot listen on the address or port.
    """
    host, port = address
    # With an explicit protocol asyncio sends without delay; otherwise answers wait 40 ms on open connections.
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

        def announce() -> None:
            try:
                table = table_of(served(), url)
            except ArtifactError as error:  # the server may still answer from memory
                table = f"The live models cannot be read: {error}\n"
            echo(f"{table}\n{lines.format(url=url, customer_id=customer_id)}")

        server.on_start = announce
        server.run(sockets=[listener])


def table_of(models: ModelsResponse, url: str) -> str:
    """Return a line for the address, for each family that is live, and for the variants, in plain columns."""
    rows = [("served at", url)]
    for family, live in models.families.items():
        if live is not None:
            told = "" if live.problem is None else f"  {live.problem}"
            rows.append((family, f"{live.version}  since {live.live_since}{told}"))
    found = [f"{name} ({variant.state})" for name, variant in models.variants.items() if variant is not None]
    if found:
        rows.append(("variants", ", ".join(found)))
    missing = [family for family, live in models.families.items() if live is None]
    if missing:
        rows.append(("not live", ", ".join(missing)))
    return "\n".join(f"{name:{_COLUMN}}  {value}" for name, value in rows) + "\n"
