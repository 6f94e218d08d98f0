"""S3, DynamoDB and Secrets Manager on this machine: moto's server, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# With Nagle's algorithm an answer on a kept connection waits 40 ms for an acknowledgement; AWS has it off.
_SERVE = """
import sys
from moto.server import main
from werkzeug.serving import WSGIRequestHandler
WSGIRequestHandler.disable_nagle_algorithm = True
main(sys.argv[1:])
"""


@contextmanager
def aws_apis() -> Iterator[str]:
    """Give the URL of the server, for AWS_ENDPOINT_URL."""
    with tempfile.TemporaryFile("w+") as log:
        command = [sys.executable, "-u", "-c", _SERVE, "-H", "127.0.0.1", "-p", "0"]
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            while "Running on " not in (text := _read(log)):
                if server.poll() is not None:
                    raise SystemExit(f"moto's server does not start: {text}")
                time.sleep(0.05)
            yield text.split("Running on ", 1)[1].split()[0]
        finally:
            server.terminate()
            server.wait(timeout=10)


def _read(log: tempfile._TemporaryFileWrapper[str]) -> str:
    log.seek(0)
    return log.read()
