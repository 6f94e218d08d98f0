"""Every command of the README, run in a copy of the repository as a new user would.

Blocks fenced as ``sh`` are run, in order, with `make run` left running behind them. What rebuilds the
world (`make test`, `make build`) is asked of make as a dry run: the suite itself is their run. Blocks
fenced as ``text`` need Docker or the internet: what they name must exist.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system_package import require

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in RUN for line in block.strip().splitlines()]
DRY = ("make test", "make build", "make check")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
STARTS_S = 900

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(Path(sys.prefix).name != ".venv", reason="the README's commands run in .venv alone"),
]


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git knows, with its times, so that make finds the environment it shares up to date."""
    folder = tmp_path_factory.mktemp("readme")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for environment in ROOT.glob(".venv*"):
        (folder / environment.name).symlink_to(environment)
    return folder


@pytest.fixture(scope="module")
def running(checkout: Path, port: int) -> Iterator[list[str]]:
    """Run `make run` until it has printed its curl lines; yield what it printed."""
    environment = {**os.environ, "PORT": str(port), "COLUMNS": "200"}
    process = subprocess.Popen(
        ["make", "run"], cwd=checkout, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    printed: list[str] = []
    reader = threading.Thread(target=lambda: printed.extend(process.stdout or ()))
    reader.start()
    ends_at_s = time.monotonic() + STARTS_S
    try:
        while not any("details=true" in line for line in printed):
            if process.poll() is not None or time.monotonic() > ends_at_s:
                raise AssertionError("make run did not come up:\n" + "".join(printed))
            time.sleep(0.2)
        yield printed
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)
        reader.join()
        if process.stdout:
            process.stdout.close()


def run(command: str, checkout: Path, port: int) -> subprocess.CompletedProcess[str]:
    if "curl" in command:
        require("curl")
    command = command.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace("curl -s", "curl -sS --fail")
    return subprocess.run(
        ["bash", "-c", command], cwd=checkout, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.parametrize("command", [line for line in COMMANDS if line != "make run"])
def test_each_command_works(command: str, running: list[str], checkout: Path, port: int) -> None:
    if command.startswith(DRY):
        command = command.replace("make", "make --dry-run", 1)
    result = run(command, checkout, port)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_works(program: str, running: list[str], checkout: Path) -> None:
    result = subprocess.run(
        [".venv/bin/python", "-c", program],
        cwd=checkout, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "because" in result.stdout


def test_a_like_changes_the_very_next_answer(running: list[str], checkout: Path, port: int) -> None:
    ask, feedback = ("/recommend/user", "/feedback")
    call = "curl -s http://127.0.0.1:8000{} -H 'content-type: application/json' -d '{}'"
    before = run(call.format(ask, '{"user_id": "new", "limit": 5}'), checkout, port).stdout
    assert '"answered_by":"popularity"' in before
    like = '{"user_id": "new", "track_id": 2591, "event": "like", "event_id": "once"}'
    run(call.format(feedback, like), checkout, port)
    after = run(call.format(ask, '{"user_id": "new", "limit": 5}'), checkout, port).stdout
    assert '"answered_by":"hybrid"' in after
    assert '"track_id":"2591"' in after  # among the reasons


def test_make_run_ends_with_curl_lines_that_work(running: list[str], checkout: Path, port: int) -> None:
    text = "".join(running[next(i for i, line in enumerate(running) if "Segue answers on" in line) :])
    lines = re.findall(r"^ +(curl (?:\\\n|.)+)$", text, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        result = run(line, checkout, port)
        assert (result.returncode, result.stderr) == (0, ""), line
        assert result.stdout.startswith("{")


def test_the_first_answer_names_a_genre(running: list[str], checkout: Path, port: int) -> None:
    ask = next(line for line in COMMANDS if "/api/model" in line)
    assert re.fullmatch(r'\{"Genre":"[^"]+"\}', run(ask, checkout, port).stdout)


def test_nothing_is_done_twice(running: list[str], checkout: Path) -> None:
    again = subprocess.run(["make", "sample"], cwd=checkout, capture_output=True, text=True, check=True)
    assert "is there already" in again.stdout
    assert "installing" not in again.stdout + "".join(running)


def test_the_sample_store_teaches_the_forest_what_no_baseline_knows(running: list[str]) -> None:
    assert "The forest beats all baselines" in "".join(running)
    assert "The hybrid beats popularity" in "".join(running)


def test_what_docker_lines_name_exists() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    lines = re.findall(r"local invoke (\w+) --event (\S+)", README)
    assert lines
    for function, event in lines:
        assert f"  {function}:\n" in template
        assert (ROOT / event).is_file()
