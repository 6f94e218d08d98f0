"""Merging: what is one listen, and that its id is always the same."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from segue.domain.catalogue.track_match import FoundBy, Match
from segue.sources.export.left_out import BadRow, Unmatched
from segue.sources.export.listen import Listen
from segue.sources.export.spool import BATCH, Merged, open_spool

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = 1675166700


def minute(title: str = "B", at_s: int = NOON, ms: int | None = 200_000) -> Listen:
    return Listen("A", title, "", at_s, to_the_minute=True, ms_played=ms)


def second(title: str = "B", at_s: int = NOON + 37, ms: int | None = 200_000, *ids: str) -> Listen:
    return Listen("A", title, "album", at_s, ids=ids, ms_played=ms)


def merged(listens: Sequence[Listen]) -> list[Merged]:
    with open_spool() as spool:
        for listen in listens:
            spool.add([listen])
        count = spool.merge()
        found = list(spool.merged())
    assert count == len(found)
    return found


def test_minutes_merge_with_seconds_and_the_seconds_stay() -> None:
    (found,) = merged([minute(), second(), minute()])
    assert found.at_s == NOON + 37
    (other,) = merged([second(), minute()])
    assert other == found


def test_the_same_row_of_two_files_is_one_listen() -> None:
    assert len(merged([second(), second()])) == 1
    assert len(merged([minute(), minute()])) == 1
    assert len(merged([Listen("A", "B", "", NOON), Listen("a", "b", "other album", NOON)])) == 1


def test_what_differs_in_song_milliseconds_second_or_minute_stays_two() -> None:
    assert len(merged([second(), second("C")])) == 2
    assert len(merged([second(), second(ms=5_000)])) == 2
    assert len(merged([second(), second(at_s=NOON + 5)])) == 2
    assert len(merged([minute(), minute(at_s=NOON + 60)])) == 2
    assert len(merged([minute(), minute(ms=5_000)])) == 2
    assert len(merged([second(ms=None), second(ms=1)])) == 2


def test_account_data_merges_with_neither_of_two_listens_in_a_minute() -> None:
    assert [
        each.at_s - NOON for each in merged([second(at_s=NOON + 50), minute(), second(at_s=NOON + 10)])
    ] == [10, 50]


def test_an_id_depends_on_the_listen_alone() -> None:
    rows = [second(at_s=NOON + 50), second(at_s=NOON + 10), second("C"), minute("D", ms=None)]
    ids = {tuple(each.listen_id for each in merged(order)) for order in permutations(rows)}
    assert len(ids) == 1
    assert len(set(*ids)) == 4
    assert merged([minute()])[0].listen_id == merged([second()])[0].listen_id


def test_tracks_without_names_differ_by_id() -> None:
    nameless = [Listen("", "", "", NOON, ids=(each,), ms_played=5) for each in ("x", "y", "x")]
    assert len(merged(nameless)) == 2


def test_every_distinct_track_is_looked_for_once_and_the_rest_is_unmatched() -> None:
    asked = []

    def find(wanted: Sequence[object]) -> list[Match | None]:
        asked.extend(wanted)
        return [Match(7, FoundBy.ID) if one.ids == ("found",) else None for one in wanted]

    with open_spool() as spool:
        spool.add([second("B", NOON + n, 5, "found") for n in range(3)])
        spool.add([second("C", NOON + n, 5) for n in range(2)])
        spool.add([second(f"T{n}", NOON + 9, 5) for n in range(BATCH)])
        spool.merge()
        spool.match(find)
        assert len(asked) == 2 + BATCH
        assert len({one.title for one in asked}) == 2 + BATCH
        found = list(spool.merged())
        assert [each.match for each in found].count(Match(7, FoundBy.ID)) == 3
        assert next(spool.unmatched(1)) == Unmatched("A", "C", "album", (), 2)
        assert len(list(spool.unmatched())) == 1 + BATCH


def test_bad_rows_come_back_in_order() -> None:
    rows = [BadRow("f", f"row {n}", "why") for n in range(5)]
    with open_spool() as spool:
        spool.add_bad(rows)
        assert list(spool.bad()) == rows
        assert list(spool.bad(2)) == rows[:2]


def test_any_text_is_kept() -> None:
    with open_spool() as spool:
        assert spool.add([Listen("\N{OGHAM SPACE MARK}'\"; DROP TABLE", "\U0001f3b5", "", NOON)]) == 1
