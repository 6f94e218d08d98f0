"""Run a bundle under Lambda's runtime client and its runtime interface emulator, and nothing else.

The interpreter runs with ``-S`` and an environment of its own: what is importable is the standard
library, the bundle, its layers and the runtime client. Memory and INIT figures that the emulator
reports are not real; measure the process instead.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.runtime.bundle import ROOT, Bundle, runtime_client

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = "/2015-03-31/functions/function/invocations"
_ARCHITECTURE = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class Emulator:
    """One function, started on entry and stopped, by process id, on exit.

    Send one request at a time: the emulator does not survive two at once, and Lambda sends one too.
    """

    def __init__(
        self, bundle: Bundle, variables: Mapping[str, str], log: Path, *, timeout_s: int = 30
    ) -> None:
        self._log, self._timeout_s = log, timeout_s
        self._environment = _environment(bundle, timeout_s) | bundle.variables | dict(variables)
        self._port, runtime_port = _free_ports()
        self._command = [
            *(str(emulator_binary()), "--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *(base_python(), "-S", "-m", "awslambdaric", "handler.handler"),
        ]
        self._folder = bundle.folder

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)  # on which it ends the function's process first
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)

    @property
    def log(self) -> str:
        """What the function and the emulator wrote so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the handler returned; a handler that failed gives `errorType` and `errorMessage`."""
        connection = self._connect()
        try:
            connection.request("POST", _PATH, body=json.dumps(event))
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer

    def _connect(self) -> http.client.HTTPConnection:
        deadline_s = time.monotonic() + 10
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_s + 5)
            try:
                connection.connect()
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise RuntimeError(f"the emulator does not listen:\n{self.log}") from None
                time.sleep(0.002)
            else:
                return connection


def emulator_binary() -> Path:
    """Return the emulator that comes with aws-sam-cli."""
    name = f"aws-lambda-rie-{_ARCHITECTURE[platform.machine()]}"
    found = list(ROOT.glob(f".venv-sam/lib/python*/site-packages/samcli/local/rapid/{name}"))
    if not found:
        raise FileNotFoundError(f"{name} is not in .venv-sam: run `make build`.")
    return found[0]


def base_python() -> str:
    """Return the interpreter behind the virtual environment, which knows nothing of its packages."""
    return os.path.realpath(sys.executable)


def _environment(bundle: Bundle, timeout_s: int) -> dict[str, str]:
    search = (bundle.folder, *bundle.layers, runtime_client())
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(bundle.folder),
        "PYTHONPATH": os.pathsep.join(map(str, search)),
        "PYTHONDONTWRITEBYTECODE": "1",  # Lambda's folders are read-only
        "AWS_LAMBDA_FUNCTION_NAME": bundle.folder.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s),
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIDSEGUETESTS",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_SESSION_TOKEN": "not-a-token",
    }


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
