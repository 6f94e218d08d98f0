"""Commands that take `--data` find the store by settings, and show no password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.errors import SourceUnavailableError
from tests.runtime.music_store import write_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_recommender import Trained


def test_histories_are_loaded_from_the_store_of_the_settings(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store.sqlite")
    command = ["history", "load", "--state", str(tmp_path / "state.sqlite")]
    done = CliRunner().invoke(app, command, env={"SEGUE_STORE": str(store)})
    assert done.exit_code == 0, done.output
    loaded = done.output.split("state.sqlite: ")[1]
    assert int(loaded.split()[0]) > 0


@pytest.mark.parametrize("command", [["try"], ["evaluate", "--published", "hybrid"]])
def test_what_is_tried_and_measured_is_the_store_of_the_settings(
    command: list[str], tmp_path: Path, trained: Trained
) -> None:
    named = str(tmp_path / "named.sqlite")
    given = [*command, "--artifacts", str(trained.folder)]
    done = CliRunner().invoke(app, given, env={"SEGUE_STORE": named})
    assert isinstance(done.exception, SourceUnavailableError)
    assert named in str(done.exception)


@pytest.mark.parametrize("command", [["history", "load"], ["train", "recommend"]])
def test_no_password_is_shown(command: list[str], tmp_path: Path) -> None:
    url = "postgresql://user:hunter2@127.0.0.1:9/shop"
    place = ["--state" if command[0] == "history" else "--artifacts", str(tmp_path / "place")]
    done = CliRunner().invoke(app, [*command, *place], env={"SEGUE_STORE": url})
    assert isinstance(done.exception, SourceUnavailableError)
    assert "127.0.0.1" in str(done.exception)
    assert "hunter2" not in f"{done.output}{done.exception}"
