"""`segue taste`: what it prints, and where its page goes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.cli.ask.taste import _shares
from segue.domain.taste.insight.sentence import percent
from segue.errors import InvalidInputError, SourceUnavailableError
from segue.serving.taste.part_contract import percentile
from segue.state.location import open_state
from tests.small_recommender import LISTENER, events_of

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.small_recommender import Trained


@pytest.fixture
def stored(trained: Trained, tmp_path: Path) -> list[str]:
    state = str(tmp_path / "state.sqlite")
    open_state(state).record(events_of())
    return ["--artifacts", str(trained.folder), "--state", state]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["taste", *words], catch_exceptions=False, env={"COLUMNS": "200"})


def test_the_terminal_shows_words_and_bars(stored: list[str]) -> None:
    found = run(LISTENER, *stored, "--artist", "Nobody")
    assert found.exit_code == 0
    for text in (f"Taste profile of {LISTENER}", "rock", "█", "Mon ", "drift: not yet", "catalogue: Nobody"):
        assert text in found.output


def test_json_is_what_the_function_answers(stored: list[str]) -> None:
    found = json.loads(run(LISTENER, *stored, "--json", "--utc-offset-minutes", "60").output)
    assert found["user_id"] == LISTENER
    assert found["patterns"]["utc_offset_minutes"] == 60


def test_the_page_is_written_where_it_says(
    stored: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "new" / "page.html"
    found = run(LISTENER, str(page), "--html", *stored)
    assert str(page) in found.output
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run(LISTENER, "--html", str(page), *stored).exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert "taste-___12.html" in run("../12", "--html", *stored).output
    assert (tmp_path / "taste-___12.html").exists()


def test_an_unwritable_page_is_reported(stored: list[str], tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"cannot be written .*: name another file"):
        run(LISTENER, str(tmp_path), "--html", *stored)


def test_a_page_and_json_are_both_given(stored: list[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    found = json.loads(run(LISTENER, str(page), "--html", "--json", *stored).output)
    assert found["user_id"] == LISTENER
    assert page.exists()


def test_percentiles_are_those_of_the_insights() -> None:
    """69.49 is 69 everywhere, whatever digits are between."""
    energy = SimpleNamespace(feature="energy", percentile=percentile(0.6949))
    found: Any = SimpleNamespace(
        tastes=None, genres=None, eras=None, audio=SimpleNamespace(features=[energy])
    )
    (table,) = _shares(found)
    assert list(table.columns[1].cells) == ["69"]
    assert percent(0.6949) == "69 %"


def test_a_file_without_html_is_refused(stored: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="written only with --html"):
        run(LISTENER, str(tmp_path / "page.html"), *stored)
