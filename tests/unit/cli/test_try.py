"""`segue try` compares the store with the one that the models were trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.small_recommender import Trained


def try_(trained: Trained, data: Path, songs: list[str]) -> Result:
    """Ask for a listener of tracks t000, t001, … that have these names; None of them for no table."""
    data.mkdir()
    if songs:
        rows = "".join(f"t{row:03},{song},somebody\n" for row, song in enumerate(songs))
        (data / "catalogue.csv").write_text(f"track_id,name,artists\n{rows}", encoding="utf-8")
    events = "".join(f"u,t{row:03}\n" for row in range(len(songs) or 4))
    (data / "interactions.csv").write_text(f"user_id,track_id\n{events}", encoding="utf-8")
    command = ["try", "--data", str(data), "--artifacts", str(trained.folder), "--limit", "1"]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("songs", "told"),
    [
        (["song 0", "song 1", "song 2"], "knows 3 of the 3 tracks"),
        (["song 0", "another", "a third", "song 3"], "knows 2 of the 4 tracks"),
        ([], "knows 4 of the 4 tracks"),
    ],
)
def test_it_says_how_many_tracks_the_live_catalogue_knows(
    songs: list[str], told: str, trained: Trained, tmp_path: Path
) -> None:
    done = try_(trained, tmp_path / "data", songs)
    assert done.exit_code == 0, done.output
    assert f"The live catalogue {told} of these listeners." in done.output


def test_a_store_that_numbers_other_tracks_alike_is_refused(trained: Trained, tmp_path: Path) -> None:
    refused = try_(trained, tmp_path / "data", ["one", "two", "three"])
    assert isinstance(refused.exception, InvalidInputError)
    assert "knows none of the 3 tracks" in str(refused.exception)
    assert "listener" not in refused.output
