"""What listeners exclude is no training data, wherever the events come from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, Target, span_of
from segue.sources.dataset.account import Effect
from segue.sources.dataset.folder import write_part
from segue.sources.lake import write_lines
from segue.state.location import open_state
from tests.small_catalogue import small_catalogue
from training.hybrid.data.event_source import read_events_at
from training.hybrid.data.reading import read_dataset

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENTS = [
    Event(user, f"t{row:03}", EventKind.PLAY, NOON.replace(minute=row), f"{user}{row}")
    for user in ("ann", "bob", "cleo")
    for row in range(4)
]
SAID = [
    Exclusion("ann", ExclusionKind.BLOCK, Target.ARTIST, "bjork", NOON, "1"),
    Exclusion("bob", ExclusionKind.BLOCK, Target.GENRE, "rock", NOON, "1"),
    Exclusion("bob", ExclusionKind.UNBLOCK, Target.GENRE, "Rock", NOON.replace(second=1), "2"),
    Exclusion(
        "bob",
        ExclusionKind.IGNORE,
        Target.TIME,
        span_of(NOON.replace(minute=1), NOON.replace(minute=3)),
        NOON,
        "3",
    ),
]
LEFT = {"ann": ["t002", "t003"], "bob": ["t000", "t003"], "cleo": ["t000", "t001", "t002", "t003"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset folder with a catalogue, and events of its own that are nobody's."""
    made = small_catalogue(
        [["Björk"], ["Björk", "Air"], ["Air"], ["Can"]], genres=[["pop"], ["pop"], ["rock"], ["rock"]]
    )
    write_part(made, tmp_path / "data")
    return tmp_path / "data"


def write_lake(folder: Path) -> Path:
    day = folder / "events" / "dt=2026-11-21"
    day.mkdir(parents=True)
    (day / "0.jsonl").write_bytes(write_lines([*EVENTS, *SAID[::-1]]))
    return folder


def left(folder: Path) -> dict[str, list[str]]:
    interactions = read_dataset(str(folder))[0].interactions
    users, items = interactions.users.item_id[interactions.user_index], interactions.items.item_id
    return {str(user): items[interactions.item_index[users == user]].tolist() for user in sorted(set(users))}


def test_a_lake_is_trained_on_without_what_its_listeners_exclude(folder: Path) -> None:
    assert left(write_lake(folder)) == LEFT
    finding = read_dataset(str(folder))[1][-1].findings[-1]
    assert (finding.effect, finding.count) == (Effect.DROPPED, len(EVENTS) - sum(map(len, LEFT.values())))


def test_an_imported_lake_is_trained_on_alike_and_keeps_what_was_heard(folder: Path, tmp_path: Path) -> None:
    interactions, _ = read_events_at(str(write_lake(tmp_path / "lake")))
    assert len(interactions) == len(EVENTS)
    write_part(interactions, folder)
    again, _ = read_events_at(str(folder))
    assert len(again) == len(EVENTS)
    assert sorted(map(str, again.exclusions)) == sorted(map(str, SAID))
    assert left(folder) == LEFT


def test_histories_that_are_loaded_bring_what_is_excluded(folder: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from segue.cli import app

    state = str(tmp_path / "state.sqlite")
    asked = ["history", "load", "--data", str(write_lake(folder)), "--state", state]
    for _ in range(2):
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0, done.output
    found = open_state(state).read_listener("bob")
    assert [each.target for each in found.exclusions] == [Target.TIME]
    assert len(found.events) == 4
