"""An import from end to end: what is read, matched, recorded and reported, and that memory stays flat."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from segue.artifacts.listing import read_all
from segue.artifacts.place.local import LocalStore
from segue.domain.catalogue.track_match import TrackIndex, build_track_index
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import EventKind
from segue.domain.vector.column import build_text
from segue.errors import InvalidInputError
from segue.serving.imports import run as import_module
from segue.serving.imports.budget import Reading
from segue.serving.imports.run import SHOWN, Destination, ImportProgress, import_history
from segue.sources.export import spool
from segue.sources.export.left_out import BadRow, Unmatched
from segue.sources.export.row import text
from segue.sources.export.service import FORMATS
from segue.sources.lake import LAKE_PREFIX, LakeAccount, read_feedback
from segue.state.location import open_state
from tests.small_catalogue import small_catalogue
from tests.unit.sources.export.exports import account, extended, listenbrainz, write_json, write_lines

if TYPE_CHECKING:
    from pathlib import Path

    from segue.serving.imports.report import ImportReport
    from segue.sources.export.format import ExportFormat
    from segue.state.listening import ListeningState

IDS = tuple(f"{letter * 22}" for letter in "ABCD")


@pytest.fixture(scope="module")
def index() -> TrackIndex:
    catalogue = small_catalogue(
        [["Queen"], ["Rema"], ["Foos"], ["Foos"]], names=["Under Pressure", "Calm Down", "Home", "Home"]
    )
    lengths = np.array([240, 220, 100, 300], np.float32)
    return build_track_index(replace(catalogue, vocabulary=build_vocabulary(IDS), duration_s=lengths))


@pytest.fixture
def state(tmp_path: Path) -> ListeningState:
    return open_state(str(tmp_path / "state.sqlite"))


def run(
    index: TrackIndex,
    state: ListeningState,
    *paths: Path,
    form: ExportFormat = FORMATS["spotify"],
    **more: Any,
) -> ImportReport:
    sources = [(path.name, path) for path in paths]
    return import_history(sources, form, index, Destination("me", state, **more))


LIBRARY = (
    "<plist><dict><key>Tracks</key><dict><key>1</key><dict><key>Name</key><string>Calm Down</string>"
    "<key>Artist</key><string>Rema</string><key>Play Count</key><integer>{}</integer>"
    "<key>Play Date UTC</key><date>2023-01-{}T12:00:00Z</date><key>Skip Count</key><integer>1</integer>"
    "<key>Skip Date</key><date>2023-01-01T12:00:00Z</date></dict></dict></dict></plist>"
)


def test_counted_plays_are_added_as_they_grow(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    path, form = tmp_path / "Library.xml", FORMATS["itunes"]
    path.write_text(LIBRARY.format(2, "01"))
    first = run(index, state, path, form=form)
    assert (first.plays, first.skips, first.new, first.repeated) == (2, 1, 3, 0)
    path.write_text(LIBRARY.format(5, "31"))
    second = run(index, state, path, form=form)
    assert (second.plays, second.skips, second.new, second.repeated) == (5, 1, 3, 3)


def test_a_listen_without_an_artist_is_found_by_its_album(state: ListeningState, tmp_path: Path) -> None:
    made = small_catalogue([["Queen"], ["Rema"], ["Foos"]], names=["Home", "Home", "Home"])
    lengths = np.array([100, 200, 300], np.float32)
    tracks = replace(made, album=build_text(["One", "Two (Deluxe)", "One"]), duration_s=lengths)
    path = tmp_path / "x.csv"
    path.write_text(
        "Song Name,Album Name,Event Start Timestamp,Event Type,Play Duration Milliseconds\n"
        "Home,Two,2023-01-31T12:05:09Z,PLAY_END,60000\nHome,One,2023-01-31T12:06:09Z,PLAY_END,60000\n"
        "Home,Three,2023-01-31T12:07:09Z,PLAY_END,60000\n"
    )
    report = run(build_track_index(tracks), state, path, form=FORMATS["apple-music"])
    assert (report.found_by["album"], report.ambiguous, report.unmatched) == (1, 1, 1)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading(most_rows=2), "more than 2 rows: divide them .* set SEGUE_IMPORT_ROWS"),
        (Reading(most_seconds=0), "more than 0 seconds: divide .* set SEGUE_IMPORT_SECONDS"),
    ],
)
def test_an_import_has_a_bound(
    tmp_path: Path, index: TrackIndex, state: ListeningState, reading: Reading, words: str
) -> None:
    rows = [extended(f"2023-01-31T12:0{n}:37Z", "Rema", "Calm Down") for n in range(3)]
    path = write_json(tmp_path / "endsong_0.json", rows)
    with pytest.raises(InvalidInputError, match=words):
        import_history([("x", path)], FORMATS["spotify"], index, Destination("me", state), reading=reading)
    assert not state.read_listener("me").events


def test_files_of_another_format_are_named(tmp_path: Path, index: TrackIndex, state: ListeningState) -> None:
    path = write_json(tmp_path / "x.json", [extended("2023-01-31T12:05:37Z", "Rema", "Calm Down")])
    report = run(index, state, path, form=FORMATS["rockbox"])
    assert report.files[0].error
    assert report.hint == "This looks like an export of Spotify: import it with the format spotify."


def test_the_two_histories_of_spotify_merge_and_everything_is_reported(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    uri = f"spotify:track:{IDS[0]}"
    one = write_json(
        tmp_path / "endsong_0.json",
        [
            extended("2023-01-31T12:05:37Z", "Renamed", "Anything", 240_000, spotify_track_uri=uri),
            extended("2023-01-31T12:10:01Z", "REMA", "Calm down - Remastered 2011", 12_000),
            extended("2023-01-31T13:10:01Z", "Nobody", "Nothing", 60_000),
            extended("2023-01-31T13:20:01Z", "Nobody", "Nothing", 60_000),
            extended("2023-02-01T13:10:01Z", "Foos", "Home", 60_000),
            extended("2023-02-02T13:10:01Z", None, None, 60_000, episode_name="News"),
            extended("tomorrow", "Foos", "Home", 60_000),
        ],
    )
    two = write_json(
        tmp_path / "StreamingHistory0.json",
        [
            account("2023-01-31 12:10", "REMA", "Calm down - Remastered 2011", 12_000),
            account("2023-01-31 14:00", "Rema", "Calm Down", 90_000),
        ],
    )
    report = run(index, state, one, two)
    assert [(file.name, file.listens, file.no_music, file.bad) for file in report.files] == [
        ("endsong_0.json", 5, 1, 1),
        ("StreamingHistory0.json", 2, 0, 0),
    ]
    assert (report.listens, report.merged, report.no_music, report.bad) == (6, 1, 1, 1)
    assert report.found_by == {"id": 1, "name": 1, "credit": 0, "edition": 1, "album": 0}
    assert (report.matched, report.ambiguous, report.left_out, report.unmatched) == (3, 1, 0, 2)
    assert report.shares == {"matched": 0.5, "ambiguous": 0.1667, "left_out": 0.0, "unmatched": 0.3333}
    assert (report.plays, report.skips, report.new, report.repeated) == (3, 1, 4, 0)
    assert report.unmatched_tracks == [Unmatched("Nobody", "Nothing", "", (), 2)]
    assert [(row.file, row.place) for row in report.bad_rows] == [("endsong_0.json", "row 7")]
    latest = state.read_listener("me").events
    assert [(event.track_id, event.kind, event.ms_played) for event in latest] == [
        (IDS[2], EventKind.PLAY, 60_000),
        (IDS[1], EventKind.PLAY, 90_000),
        (IDS[1], EventKind.SKIP, 12_000),
        (IDS[0], EventKind.PLAY, 240_000),
    ]
    assert latest[3].at == datetime(2023, 1, 31, 12, 5, 37, tzinfo=UTC)


def test_importing_again_or_in_another_order_or_piece_changes_nothing(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    seconds = write_json(tmp_path / "endsong_0.json", [extended("2023-01-31T12:05:37Z", "Rema", "Calm Down")])
    minutes = write_json(
        tmp_path / "StreamingHistory0.json", [account("2023-01-31 12:05", "Rema", "Calm Down")]
    )
    assert run(index, state, minutes).new == 1
    before = state.read_listener("me").events
    for files in ((minutes,), (seconds,), (seconds, minutes), (minutes, seconds, minutes)):
        report = run(index, state, *files)
        assert (report.new, report.repeated) == (0, 1)
    assert state.read_listener("me").events == before


def test_a_scrobble_that_two_services_hold_counts_once(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    scrobbles = tmp_path / "x.csv"
    scrobbles.write_text("artist,track,date\nRema,Calm Down,31 Jan 2023 12:05\n")
    lines = write_lines(tmp_path / "x.jsonl", [listenbrainz(1675166737, "Rema", "Calm Down")])
    assert run(index, state, scrobbles, form=FORMATS["lastfm"]).new == 1
    assert run(index, state, lines, form=FORMATS["listenbrainz"]).repeated == 1


def test_a_broken_file_is_named_and_the_others_go_on(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    good = write_json(tmp_path / "endsong_0.json", [extended("2023-01-31T12:05:37Z", "Rema", "Calm Down")])
    cut = tmp_path / "endsong_1.json"
    cut.write_text(good.read_text().replace("12:05", "13:05")[:-1] + ', {"ts": "2023')
    other = tmp_path / "photo.json"
    other.write_bytes(b"\xff\xd8\xff")
    report = run(index, state, tmp_path / "none.json", other, cut, good)
    assert [(file.name, file.listens, bool(file.error)) for file in report.files] == [
        ("none.json", 0, True),
        ("photo.json", 0, True),
        ("endsong_1.json", 1, False),
        ("endsong_0.json", 1, False),
    ]
    assert report.new == 2
    assert report.bad_rows[0].place == "row 2"


def test_confidence_decides_what_is_left_out(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    rows = [
        extended("2023-01-31T12:05:37Z", "Rema", "Calm Down (Live)"),
        extended("2023-01-31T13:05:37Z", "Foos", "Home"),
        extended("2023-01-31T14:05:37Z", "Rema", "Calm Down"),
    ]
    path = write_json(tmp_path / "endsong_0.json", rows)
    report = run(index, state, path, least_confidence=0.9)
    assert (report.matched, report.ambiguous, report.left_out, report.new) == (1, 0, 2, 1)
    assert run(index, state, path, least_confidence=0.0).new == 2


def test_a_lake_gets_the_events_too_and_the_same_objects_again(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    start = datetime(2022, 12, 30, tzinfo=UTC)
    rows = [
        extended(f"{start + timedelta(hours=7 * place):%Y-%m-%dT%H:%M:%SZ}", "Rema", "Calm Down")
        for place in range(20)
    ]
    path = write_json(tmp_path / "endsong_0.json", rows)
    lake = LocalStore(tmp_path / "lake")
    assert run(index, state, path, lake=lake).new == 20
    keys = [found.key for found in lake.list_objects("")]
    assert [key[:21] for key in keys] == ["events/dt=2022-12-30/"[:21], "events/dt=2023-01-01/"[:21]]
    assert run(index, state, path, lake=lake).repeated == 20
    assert [found.key for found in lake.list_objects("")] == keys
    events = list(read_feedback(read_all(lake, LAKE_PREFIX), LakeAccount()))
    assert sorted(events, key=lambda event: event.at, reverse=True) == state.read_listener("me").events


def test_lists_are_short_and_counts_are_of_all(
    tmp_path: Path, index: TrackIndex, state: ListeningState
) -> None:
    rows = [extended("2023-01-31T12:05:37Z", "Nobody", f"Song {place}") for place in range(SHOWN + 5)]
    path = write_json(tmp_path / "endsong_0.json", rows + [{"no": "row"}] * (SHOWN + 5))
    seen: list[Any] = []
    sources = [(path.name, path)]
    report = import_history(
        sources,
        FORMATS["spotify"],
        index,
        Destination("me", state),
        progress=ImportProgress(end=lambda found: seen.extend([*found.unmatched(), *found.bad()])),
    )
    assert (report.unmatched, report.bad, report.new) == (SHOWN + 5, SHOWN + 5, 0)
    assert (len(report.unmatched_tracks), len(report.bad_rows)) == (SHOWN, SHOWN)
    assert [type(each) for each in seen] == [Unmatched] * (SHOWN + 5) + [BadRow] * (SHOWN + 5)


@pytest.mark.parametrize("user", ["", "x" * 201])
def test_somebody_s_history_it_must_be(user: str, state: ListeningState) -> None:
    with pytest.raises(InvalidInputError, match="name the listener"):
        Destination(user, state)


def test_memory_does_not_grow_with_the_file_and_progress_counts_its_bytes(
    tmp_path: Path, index: TrackIndex, state: ListeningState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peak(n: int) -> int:
        start = datetime(2015, 1, 1, tzinfo=UTC)
        rows = [
            extended(
                f"{start + timedelta(minutes=3 * place):%Y-%m-%dT%H:%M:%SZ}", "Nobody", f"Song {place % 50}"
            )
            for place in range(n)
        ]
        path = write_json(tmp_path / f"endsong_{n}.json", rows)
        size = path.stat().st_size
        del rows
        seen = {"total": 0, "read": 0}
        progress = ImportProgress(
            begin=lambda total: seen.update(total=total),
            read=lambda more: seen.update(read=seen["read"] + more),
        )
        tracemalloc.start()
        import_history(
            [(path.name, path)], FORMATS["spotify"], index, Destination("me", state), progress=progress
        )
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == {"total": size, "read": size}
        return highest

    # Smaller steps, so that small files show what large ones would.
    monkeypatch.setattr(text, "PIECE_BYTES", 1 << 14)
    monkeypatch.setattr(import_module, "BATCH", 100)
    monkeypatch.setattr(spool, "BATCH", 100)
    peak(100)
    small, large = peak(500), peak(4_000)
    assert large < 1.25 * small
