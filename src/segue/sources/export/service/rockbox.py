"""Rockbox and other players: the tab-separated Audioscrobbler log, by the clock of the player.

With ``#TZ/UNKNOWN`` its Unix times are in the listener's local time, with ``#TZ/UTC`` in UTC. The columns are
artist, album, title, number, length, rating (S for a skip), time and MusicBrainz id.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError, SourceSchemaError
from segue.sources.export.format import Clock, ExportFormat
from segue.sources.export.listen import Listen, read_mbid, read_name
from segue.sources.export.moment import read_moment
from segue.sources.export.row.text import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from segue.sources.export.format import Rows

_LEAST_CELLS = 7
_HEADER = "#AUDIOSCROBBLER/"


def _rows(pieces: Iterator[str], zone: tzinfo | None) -> Rows:
    lines = enumerate(read_lines(pieces), 1)
    if not next(lines, (1, ""))[1].strip().upper().startswith(_HEADER):
        raise SourceSchemaError(f"it does not begin with {_HEADER}1.1")
    clock = ""
    for number, line in lines:
        if line.startswith("#"):
            comment = line.strip().upper()
            clock = comment.removeprefix("#TZ/") if comment.startswith("#TZ/") else clock
        elif line.strip():
            if clock != "UTC" and zone is None:
                raise SourceSchemaError(
                    "its times are in the clock of the player and have no zone: add --zone, as in "
                    "--zone Europe/Berlin (in a request: zone)"
                )
            yield f"line {number}", partial(_read, line.split("\t"), UTC if clock == "UTC" else zone or UTC)


def _read(cells: Sequence[str], zone: tzinfo) -> Listen | None:
    if len(cells) < _LEAST_CELLS:
        raise InvalidInputError(f"it has {len(cells)} cell{'s' if len(cells) != 1 else ''}, too few")
    artist, title = read_name(cells[0], "artist"), read_name(cells[2], "title")
    rating = cells[5].strip().upper()
    if rating not in {"L", "S"}:
        raise InvalidInputError(f"its rating is {rating[:20]!r}: it must be L (listened) or S (skipped)")
    if not (artist and title):
        raise InvalidInputError("artist or title is missing")
    at_s, _ = read_moment(cells[6])
    own = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=zone)
    mbid = read_mbid(cells[7]) if len(cells) > _LEAST_CELLS else ()
    return Listen(
        artist, title, read_name(cells[1], "album"), int(own.timestamp()), ids=mbid, skipped=rating == "S"
    )


FORMAT = ExportFormat(
    name="rockbox",
    title="Rockbox",
    files="`.scrobbler.log`, but not `.scrobbler-timeless.log`; with `#TZ/UNKNOWN` it needs `--zone`",
    wanted=".scrobbler.log, which begins with #AUDIOSCROBBLER/1.1",
    suffixes=(".log",),
    file_name=re.compile(r"\.?scrobbler.*\.log", re.IGNORECASE),
    clock=Clock.BEGIN,
    rows=_rows,
)
