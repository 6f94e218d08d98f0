"""``segue ready``: steps in one process, and the statuses that end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from segue.cli import app, run_command

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_step_that_fails_ends_it_with_the_steps_status_and_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--artifacts", str(tmp_path / "artifacts"), "--state", str(tmp_path / "state.sqlite")]
    result = CliRunner().invoke(app, ["ready", "--store", str(tmp_path / "no.sqlite"), *places])
    assert result.exit_code == 1
    assert "no.sqlite" in result.output + capsys.readouterr().err
    assert "train genre-preference: " in result.output
    assert "train recommend" not in result.output


def test_a_command_in_this_process_has_the_status_of_one_of_its_own() -> None:
    assert run_command(["version"]) == 0
    assert run_command(["models", "show", "nope"]) == 1
