"""Last.fm and Libre.fm: separated text in the columns of many exporters, with a header or without.

With a header the names say which column is which. Without one the times say which is the time, and the rest
is artist, album, track (or artist, track), the order of the common exporters, unless the cells tell better.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.csv_row import csv_rows, find_delimiter
from segue.sources.export.left_out import Damaged
from segue.sources.export.listen import Listen, read_name
from segue.sources.export.listenbrainz import read_mbid
from segue.sources.export.moment import read_moment
from segue.sources.export.text import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SUFFIXES = (".csv", ".tsv", ".txt")
FILE_NAME = re.compile(r".*(?:scrobble|recenttracks|last\.?fm|libre\.?fm).*", re.IGNORECASE)
WANTED = "a CSV with the columns artist, track and time (album may be missing)"

ALIASES: Mapping[str, tuple[str, ...]] = {
    "artist": ("artist", "artistname", "artists", "creator"),
    "track": ("track", "trackname", "title", "song", "songname", "tracktitle", "name"),
    "album": ("album", "albumname", "release", "releasename", "albumtitle"),
    "time": (
        "uts", "unixtime", "unixtimestamp", "timestamp", "epoch", "isotime", "utctime", "datetime", "dateutc",
        "playedat", "scrobbledat", "listenedat", "scrobbletime", "playdate", "date", "time", "when", "played",
    ),
    "mbid": ("trackmbid", "recordingmbid", "mbid"),
}  # fmt: skip
"""Names of each column, the surest first, compared by their letters."""

_SAMPLE = 200
_DEEPEST_HEADER = 10
"""Lines within which a header stands: some exporters write above it when and for whom it was made."""

_LONGEST_ROW = LONGEST_LINE // 2
"""Characters: a row with more of them was cut off as a line, if cells are missing."""

_PREAMBLE = re.compile(r"\s*(?:# |\+ACM- )")
_UTF7 = re.compile(r"\+[A-Za-z0-9+/]+-")
_LETTERS = re.compile(r"[\W_]+")
_NOW_PLAYING = "there is no time: it was playing when the export was made"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which cell is which; ``clock`` is the time of day where the date has a cell of its own."""

    artist: int
    track: int
    time: int
    album: int | None = None
    mbid: int | None = None
    clock: int | None = None
    utf7: bool = False


def read_rows(lines: Iterator[str]) -> Iterator[tuple[str, Sequence[str] | Damaged, Columns]]:
    """Yield place, cells and columns of every row after the header.

    Raises
    ------
    SourceSchemaError
        Nothing tells which column is which; the message says what to add.
    """
    numbered = enumerate(lines, 1)
    head = list(islice(numbered, _SAMPLE))
    utf7 = any(line.startswith("+ACM-") for _, line in head)
    if not any(line.strip() for _, line in head):
        raise SourceSchemaError("it is empty")
    delimiter = find_delimiter([line for _, line in head])
    sample = [(number, row) for number, row in csv_rows(head, delimiter) if isinstance(row, list)]
    titled = ((number, _from_header(row)) for number, row in sample[:_DEEPEST_HEADER])
    header, columns = next(((number, found) for number, found in titled if found), (0, None))
    if columns is None:
        columns = _from_cells([row for number, row in sample if not _PREAMBLE.match(row[0])])
    columns = replace(columns, utf7=utf7)
    for number, row in csv_rows(chain(head, numbered), delimiter):
        above = (
            header == 0 and number <= _DEEPEST_HEADER and isinstance(row, list) and _PREAMBLE.match(row[0])
        )
        if number > header and not above:
            yield f"line {number}", row, columns


def read_row(row: Sequence[str] | Damaged, columns: Columns) -> Listen | None:
    """Return the listen.

    Raises
    ------
    InvalidInputError
        A cell is missing or wrong.
    """
    if isinstance(row, Damaged):
        raise InvalidInputError(row.why)
    if len(row) <= max(columns.artist, columns.track, columns.time):
        if sum(map(len, row)) > _LONGEST_ROW:
            raise InvalidInputError(
                f"the line has more than {_LONGEST_ROW} characters: it was not read whole"
            )
        raise InvalidInputError(f"it has {len(row)} cell{'s' if len(row) != 1 else ''}, too few")

    def cell(place: int | None) -> str:
        text = row[place] if place is not None and place < len(row) else ""
        return _UTF7.sub(_from_utf7, text) if columns.utf7 else text

    time = cell(columns.time).strip()
    if columns.clock is not None:
        time = f"{time} {cell(columns.clock).strip()}"
    if not time or time.lower() in {"now playing", "scrobbling now", "none", "null"}:
        raise InvalidInputError(_NOW_PLAYING)
    artist, title = read_name(cell(columns.artist), "artist"), read_name(cell(columns.track), "track")
    if not (artist and title):
        raise InvalidInputError("artist or track is missing")
    at_s, to_the_minute = read_moment(time)
    return Listen(
        artist,
        title,
        read_name(cell(columns.album), "album"),
        at_s,
        to_the_minute,
        read_mbid(cell(columns.mbid)),
    )


def _from_header(names: Sequence[str]) -> Columns | None:
    letters = [_LETTERS.sub("", name.partition("#")[0].casefold()) for name in names]
    found = {
        role: next((letters.index(alias) for alias in aliases if alias in letters), None)
        for role, aliases in ALIASES.items()
    }
    artist, track, time = found["artist"], found["track"], found["time"]
    if artist is None or track is None or time is None:
        return None
    # A date without a time of day has it in a cell of its own, called time.
    clock = letters.index("time") if letters[time] == "date" and "time" in letters else None
    return Columns(artist, track, time, found["album"], found["mbid"], clock)


def _from_cells(rows: Sequence[Sequence[str]]) -> Columns:
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    column = [[row[place].strip() for row in rows if len(row) == width] for place in range(width)]
    times = [place for place in range(width) if _mostly(column[place], _is_time)]
    clock = None
    if not times:
        dates = [place for place in range(width) if _mostly(column[place], _is_date)]
        clocks = [place for place in range(width) if _mostly(column[place], _is_clock)]
        times, clock = (dates, clocks[0]) if dates and clocks else ([], None)
    ids = [place for place in range(width) if _mostly([cell for cell in column[place] if cell], _is_mbid)]
    texts = [place for place in range(width) if place not in {*times, *ids, clock} and any(column[place])]
    if not times or not 2 <= len(texts) <= 3:
        raise SourceSchemaError(
            "nothing tells which column is which: put a first line above it, as Artist,Album,Track,Date"
        )
    if len(texts) == 2:
        return Columns(texts[0], texts[1], times[0], clock=clock)
    artist, album, track = _named(
        texts, column, first_is_track=bool(ids) and times[0] == 0 and len(times) == 1
    )
    mbid = next((place for place in ids if place == track + 1), None)
    return Columns(artist, track, times[0], album, mbid, clock)


def _named(
    texts: list[int], column: Sequence[Sequence[str]], *, first_is_track: bool
) -> tuple[int, int, int]:
    """Tell artist, album and track apart; lastexport.py alone writes time, track, artist, album, ids."""
    if first_is_track:
        track, artist, album = texts
        return artist, album, track
    artist, album, track = texts
    gaps = [sum(not cell for cell in column[place]) for place in (album, track)]
    kinds = [len(set(column[place])) for place in (album, track)]
    # An album may be missing, a track never; and there are more tracks than albums.
    if gaps[1] > gaps[0] or (gaps[0] == gaps[1] and kinds[0] > 1.2 * kinds[1]):
        album, track = track, album
    return artist, album, track


def _mostly(values: Iterable[str], test: object) -> bool:
    found = [bool(test(value)) for value in values]  # type: ignore[operator]
    return bool(found) and sum(found) >= 0.8 * len(found)


def _is_time(cell: str) -> bool:
    try:
        at_s, _ = read_moment(cell)
    except InvalidInputError:
        return False
    return not cell.isdigit() or at_s >= 10**8  # a small number is a count, or a title


def _is_date(cell: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) is not None


def _is_clock(cell: str) -> bool:
    return re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", cell) is not None


def _is_mbid(cell: str) -> bool:
    return bool(read_mbid(cell))


def _from_utf7(found: re.Match[str]) -> str:
    # Libre.fm writes some exports in UTF-7; a name that only looks like it is left as it is.
    try:
        return found[0].encode().decode("utf-7")
    except UnicodeDecodeError:
        return found[0]
