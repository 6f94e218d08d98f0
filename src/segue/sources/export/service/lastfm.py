"""Last.fm and Libre.fm: separated text in the columns of many exporters, with or without a header.

Without a header the column of times is recognised by its cells. The others are artist, album, track (or
artist, track), the order of the common exporters, unless the cells show another order.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, read_mbid, read_name
from segue.sources.export.moment import read_moment
from segue.sources.export.row.table import table_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "artist": ("artist", "artistname", "artists", "creator"),
    "track": ("track", "trackname", "title", "song", "songname", "tracktitle", "name"),
    "time": (
        "uts", "unixtime", "unixtimestamp", "timestamp", "epoch", "isotime", "utctime", "datetime", "dateutc",
        "playedat", "scrobbledat", "listenedat", "scrobbletime", "playdate", "date", "time", "when", "played",
    ),
    "album": ("album", "albumname", "release", "releasename", "albumtitle"),
    "mbid": ("trackmbid", "recordingmbid", "mbid"),
    "day": ("date",),
    "clock": ("time",),
}  # fmt: skip
_NOW_PLAYING = "the time is missing: the track was playing when the export was made"
_ASK = "the columns cannot be recognised: add a header as the first line, such as Artist,Album,Track,Date"
_FEW = 10
"""Number of different artists below which their number proves nothing."""


def read_row(cells: Mapping[str, str], zone: tzinfo | None) -> Listen | None:
    """Return the listen of a row.

    Raises
    ------
    InvalidInputError
        A cell is missing or wrong.
    """
    time = cells["time"].strip()
    clock = cells.get("clock", "").strip()
    if time == cells.get("day", "").strip() and re.match(r"\d{1,2}:\d", clock):
        time = f"{time} {clock}"  # date and time of day are in two cells
    if not time or time.lower() in {"now playing", "scrobbling now", "none", "null"}:
        raise InvalidInputError(_NOW_PLAYING)
    artist, title = read_name(cells["artist"], "artist"), read_name(cells["track"], "track")
    if not (artist and title):
        raise InvalidInputError("artist or track is missing")
    at_s, to_the_minute = read_moment(time, zone or UTC)
    album = read_name(cells.get("album"), "album")
    return Listen(artist, title, album, at_s, to_the_minute, read_mbid(cells.get("mbid")))


def _from_cells(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    column = [[row[place].strip() for row in rows if len(row) == width] for place in range(width)]
    times = [place for place in range(width) if _mostly(column[place], _is_time)]
    clocks: list[int] = []
    if not times:
        days = [place for place in range(width) if _mostly(column[place], _is_day)]
        clocks = [place for place in range(width) if _mostly(column[place], _is_clock)]
        times, clocks = (days, clocks[:1]) if days and clocks else ([], [])
    ids = [place for place in range(width) if _mostly([cell for cell in column[place] if cell], _is_mbid)]
    rest = [place for place in range(width) if place not in {*times, *clocks, *ids} and any(column[place])]
    # A column of numbers is not a title: the exporter has another order of columns.
    numbers = any(_mostly([cell for cell in column[place] if cell], _is_number) for place in rest)
    if not times or numbers or not 2 <= len(rest) <= 3:
        raise SourceSchemaError(_ASK)
    columns = {"time": times[0]} | ({"day": times[0], "clock": clocks[0]} if clocks else {})
    if len(rest) == 2:
        return columns | _two(rest, column)
    first_is_track = bool(ids) and times[0] == 0 and len(times) == 1
    columns |= _three(rest, column, first_is_track=first_is_track)
    mbid = next((place for place in ids if place == columns["track"] + 1), None)
    return columns if mbid is None else columns | {"mbid": mbid}


def _two(rest: Sequence[int], column: Sequence[Sequence[str]]) -> dict[str, int]:
    artist, track = rest
    artists, tracks = len(set(column[artist])), len(set(column[track]))
    if artists > 1.2 * tracks and artists >= _FEW:  # nobody hears more artists than tracks
        raise SourceSchemaError(_ASK)
    return {"artist": artist, "track": track}


def _three(rest: Sequence[int], column: Sequence[Sequence[str]], *, first_is_track: bool) -> dict[str, int]:
    """Return the places of artist, album and track; only lastexport.py writes the track before the artist."""
    if first_is_track:
        track, artist, album = rest
        return {"artist": artist, "album": album, "track": track}
    artist, album, track = rest
    gaps = [sum(not cell for cell in column[place]) for place in (album, track)]
    kinds = [len(set(column[place])) for place in (album, track)]
    # Only albums may be missing, and there are more tracks than albums.
    if gaps[1] > gaps[0] or (gaps[0] == gaps[1] and kinds[0] > 1.2 * kinds[1]):
        album, track = track, album
    return {"artist": artist, "album": album, "track": track}


def _mostly(values: Iterable[str], test: Callable[[str], bool]) -> bool:
    passed = [test(value) for value in values]
    return bool(passed) and sum(passed) >= 0.8 * len(passed)


def _is_time(cell: str) -> bool:
    try:
        at_s, _ = read_moment(cell)
    except InvalidInputError:
        return False
    return not cell.isdigit() or at_s >= 10**8  # a small number is a count or a title


def _is_day(cell: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) is not None


def _is_clock(cell: str) -> bool:
    return re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", cell) is not None


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(?:[.,:]\d+)*", cell) is not None


def _is_mbid(cell: str) -> bool:
    return bool(read_mbid(cell))


FORMAT = ExportFormat(
    name="lastfm",
    title="Last.fm, Libre.fm",
    files="text with the columns of any common exporter, separated by comma, semicolon, tab or bar",
    wanted="a CSV with the columns artist, track and time (album may be missing)",
    suffixes=(".csv", ".tsv", ".txt"),
    file_name=re.compile(r".*(?:scrobble|recenttracks|last\.?fm|libre\.?fm).*", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=table_rows(_ALIASES, ("artist", "track", "time"), read_row, _from_cells),
)
