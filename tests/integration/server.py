"""Start `segue serve` as a user does, on a free port, and stop it by its process id."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGUE = Path(sys.executable).with_name("segue")


def segue(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; its output is text, wide enough not to be wrapped."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "ORT_DISABLE_TELEMETRY": "1"}
    run = subprocess.run(
        [SEGUE, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if check and run.returncode:
        raise AssertionError(f"segue {' '.join(arguments)} ended with {run.returncode}: {run.stderr}")
    return run


@contextmanager
def serving(cwd: Path, *arguments: str) -> Iterator[str]:
    """Yield the URL of a running server."""
    process = subprocess.Popen(
        [SEGUE, "serve", "--port", "0", *arguments], cwd=cwd, stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None:
            raise AssertionError("no output")
        for line in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                yield found[0]
                break
        else:
            raise AssertionError(f"segue serve ended with {process.wait()} before it listened")
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=20)


def call(url: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
    """GET, or POST a JSON body; return status, parsed answer and headers with lower-case names."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            status, text, headers = answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            status, text, headers = error.code, error.read(), error.headers
    fields = {name.lower(): value for name, value in headers.items()}
    is_json = "json" in fields.get("content-type", "")
    return status, json.loads(text) if is_json else text.decode(errors="replace"), fields
