"""Click-through rates by version, from the ids of answers and from what callers sent back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.feedback import AnswerEvent, AnswerEventKind
from segue.serving.api.request_id import Surface, new_request_id, read_request_id
from segue.serving.feedback.click_through import click_through
from segue.sources.lake import write_lines

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD, NEW = (new_request_id(Surface.RECOMMEND, f"20261{month}01T000000Z-ab.1") for month in (1, 2))


def sent(
    kind: AnswerEventKind, track: str, request_id: str = NEW, user: str = "ann", number: int = 0
) -> AnswerEvent:
    return AnswerEvent(user, track, kind, request_id, 1, NOON, f"{kind}{track}{request_id}{number}")


SEEN, CHOSEN = AnswerEventKind.IMPRESSION, AnswerEventKind.CLICK
FEEDBACK = [
    *(sent(SEEN, f"t{n}") for n in range(4)),
    sent(CHOSEN, "t1"),
    sent(CHOSEN, "t1", number=1),  # under another id, as by a client that counts anew
    sent(SEEN, "t2", number=1),
    sent(CHOSEN, "t9"),
    sent(SEEN, "t1", OLD),
    sent(SEEN, "t1", OLD, user="bob"),
    sent(CHOSEN, "t1", OLD, user="bob"),
    sent(SEEN, "t1", "of another system"),
    Event("ann", "t1", EventKind.PLAY, NOON, "p"),
]


@pytest.mark.parametrize("surface", Surface)
def test_an_id_says_what_answered_and_is_new_every_time(surface: Surface) -> None:
    version = "20261121T103000Z-1f3a.0"
    ids = {new_request_id(surface, version) for _ in range(50)}
    assert len(ids) == 50
    assert {read_request_id(each) for each in ids} == {(surface, version)}


@pytest.mark.parametrize("strange", ["", "recommend", "recommend.", "recommend.v", "mail.v.1", "a b c"])
def test_an_id_of_somebody_else_is_of_no_version(strange: str) -> None:
    assert read_request_id(strange) == ("unknown", "unknown")


def test_a_track_of_an_answer_counts_once_for_a_listener() -> None:
    rates = {each.version: each for each in click_through(FEEDBACK)}
    new, old = rates[read_request_id(NEW)[1]], rates[read_request_id(OLD)[1]]
    assert (new.impressions, new.clicks, new.unseen) == (4, 1, 1)
    assert (old.impressions, old.clicks, old.unseen) == (2, 1, 0)
    assert rates["unknown"].impressions == 1


def test_the_rates_of_a_lake_are_printed(tmp_path: Path) -> None:
    day = tmp_path / "events" / "dt=2026-11-21"
    day.mkdir(parents=True)
    (day / "0.jsonl").write_bytes(write_lines(FEEDBACK) + b"damaged\n")
    asked = ["events", "ctr", "--lake", str(tmp_path)]
    found = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert [(each["surface"], each["impressions"], each["clicks"], each["ctr"]) for each in found] == [
        ("recommend", 2, 1, 0.5),
        ("recommend", 4, 1, 0.25),
        ("unknown", 1, 0, 0.0),
    ]
    low, high = found[1]["interval"]
    assert (round(low, 3), round(high, 3)) == (0.046, 0.699)  # Wilson's of 1 in 4
    shown = CliRunner().invoke(app, asked).output
    assert "25.00%" in shown
    assert "1 lines are not events" in shown


def test_a_terminal_of_80_columns_shows_whole_versions_and_heads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = [f"20261130T09460{second}Z-0123456789ab" for second in range(2)]
    day = tmp_path / "events" / "dt=2026-11-21"
    day.mkdir(parents=True)
    seen = [
        replace(each, request_id=new_request_id(Surface.DAILY_MIX, version), event_id=f"{version}{number}")
        for version in versions
        for number, each in enumerate(FEEDBACK)
        if isinstance(each, AnswerEvent)
    ]
    (day / "0.jsonl").write_bytes(write_lines(seen))
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, ["events", "ctr", "--lake", str(tmp_path)]).output
    assert all(version in shown for version in versions)
    assert all(head in shown for head in ("surface", "impressions", "interval", "unseen"))
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_lake_without_impressions_says_what_to_send(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    done = CliRunner().invoke(app, ["events", "ctr", "--lake", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds no impression and no click: send both to POST /feedback" in str(done.exception)
