"""Reads a catalogue, interactions or friendships from a file, folder, lake or database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import Event
from segue.domain.listening.exclusion import Exclusion
from segue.domain.listening.friends import build_friends
from segue.errors import SourceSchemaError, SourceUnavailableError, TableMissingError
from segue.sources.dataset import database
from segue.sources.dataset.account import Effect, Tally
from segue.sources.dataset.catalogue import clean_catalogue, join_tables
from segue.sources.dataset.friends import clean_friends
from segue.sources.dataset.interactions import clean_events, clean_interactions
from segue.sources.dataset.table.reader import SUFFIXES, read_table
from segue.sources.lake import LAKE_PREFIX, LakeAccount, read_feedback
from segue.sources.schema import listed
from segue.sources.store import open_reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.friends import Friends
    from segue.domain.listening.interactions import Interactions
    from segue.sources.dataset.account import Account

CATALOGUE, INTERACTIONS, FRIENDS = "catalogue", "interactions", "friends"
"""Names of the files of a dataset folder, without their suffix."""
EXCLUSIONS = "exclusions.jsonl"
"""File with the listeners' exclusions, in the same folder as the interactions."""

_OTHER_PARTS = (INTERACTIONS, FRIENDS, "low_level_audio_features", "lyrics_features")
"""Tables of a folder that are not catalogues of tracks."""

_SQLITE = b"SQLite format 3\0"


def read_catalogue(
    location: str | Path | Sequence[str | Path], *, now: datetime | None = None
) -> tuple[Catalogue, Account]:
    """Return the cleaned tracks at a location, and the account of the cleaning.

    Parameters
    ----------
    location
        A CSV or Parquet file, a dataset folder, an SQLite file, or a ``postgresql://`` URL. Several files,
        or a folder of tables without a ``catalogue``, are one catalogue.
    now
        Current time in UTC; later dates are blanked.

    Raises
    ------
    SourceUnavailableError
        The location does not exist or cannot be read: check the path or the connection.
    SourceSchemaError
        The location has no table of tracks; the message names what is missing.
    """
    places = [location] if isinstance(location, str | Path) else list(location)
    if len(places) == 1 and is_database(places[0]):
        tally = Tally(_name(places[0]))
        frame = database.read_tracks(str(places[0]), tally)
    else:
        tally = Tally(listed(places))
        files = [file for place in places for file in _tables_of_tracks(Path(place))]
        tables = {str(file): read_table(file, tally) for file in dict.fromkeys(files)}
        frame = join_tables(tables) if len(tables) > 1 else next(iter(tables.values()))
    catalogue = clean_catalogue(frame, tally, now or datetime.now(UTC))
    return catalogue, tally.account(f"{len(catalogue)} tracks")


def read_interactions(location: str | Path, *, now: datetime | None = None) -> tuple[Interactions, Account]:
    """Return the cleaned events at a location, and the account of the cleaning.

    It accepts and raises the same as `read_catalogue`, and also accepts a folder with an event lake. For a
    lake on S3, open it first and call `read_lake`.
    """
    if not is_database(location) and (Path(location) / LAKE_PREFIX).is_dir():
        folder = Path(location)
        paths = sorted(path for path in (folder / LAKE_PREFIX).rglob("*") if path.is_file())
        return read_lake(
            ((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths), str(location)
        )
    tally = Tally(_name(location))
    if is_database(location):
        frames = database.read_events(str(location), tally)
    else:
        frames = [read_table(_file(Path(location), INTERACTIONS), tally)]
    interactions = clean_interactions(frames, tally, now or datetime.now(UTC))
    interactions = replace(interactions, exclusions=_exclusions(Path(location) / EXCLUSIONS, tally))
    return interactions, tally.account(_extent(interactions))


def is_file(location: str) -> bool:
    """Return whether a location is a single table, instead of a database or a folder."""
    return not is_database(location) and Path(location).is_file()


def read_friends(location: str | Path) -> tuple[Friends, Account]:
    """Return the cleaned friendships at a location, and the account of the cleaning.

    It accepts and raises the same as `read_catalogue`. A folder or database without friends gives no
    friendships.
    """
    tally = Tally(_name(location))
    if is_database(location):
        frame = database.read_pairs(str(location), tally)
    elif Path(location).is_dir() and not _present(Path(location), FRIENDS):
        frame = None
    else:
        frame = read_table(_file(Path(location), FRIENDS), tally)
    friends = build_friends(build_vocabulary(()), ()) if frame is None else clean_friends(frame, tally)
    return friends, tally.account(
        f"{len(friends.friend_index) // 2} friendships of {len(friends.users)} users"
    )


def read_lake(objects: Iterable[tuple[str, bytes]], source: str) -> tuple[Interactions, Account]:
    """Return the events of a lake, given its objects from `segue.artifacts.listing.read_all`."""
    lines, tally = LakeAccount(), Tally(source)
    feedback = list(read_feedback(objects, lines))
    exclusions = tuple(each for each in feedback if isinstance(each, Exclusion))
    events = (each for each in feedback if isinstance(each, Event))
    interactions = replace(clean_events(events, tally), exclusions=exclusions)
    tally.rows_read = lines.read + lines.repeated + len(lines.damaged)
    tally.count(Effect.DROPPED, "event that was accepted before", lines.repeated)
    _count_damaged(lines, tally)
    return interactions, tally.account(_extent(interactions))


def _exclusions(path: Path, tally: Tally) -> tuple[Exclusion, ...]:
    if not path.is_file():
        return ()
    lines = LakeAccount()
    feedback = read_feedback([(path.name, path.read_bytes())], lines)
    exclusions = tuple(each for each in feedback if isinstance(each, Exclusion))
    _count_damaged(lines, tally)
    return exclusions


def _count_damaged(lines: LakeAccount, tally: Tally) -> None:
    damaged = [f"{line.key}, line {line.number}: {line.why}" for line in lines.damaged]
    tally.count(Effect.DROPPED, "line that holds no event", len(damaged), damaged)


def _extent(interactions: Interactions) -> str:
    users, items = len(interactions.users), len(interactions.items)
    return f"{len(interactions)} events of {users} users with {items} tracks"


def _name(location: str | Path) -> str:
    return (
        open_reader(str(location), timeout_s=database.TIMEOUT_S).name
        if is_database(location)
        else str(location)
    )


def is_database(location: str | Path) -> bool:
    """Return whether a location is a database URL or an SQLite file; a file must be readable."""
    if "://" in str(location):
        return True
    path = Path(location)
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise SourceUnavailableError(
            f"{path} cannot be read ({error.strerror}): give a readable file."
        ) from error


def _present(folder: Path, part: str) -> list[Path]:
    return [path for suffix in SUFFIXES if (path := folder / f"{part}{suffix}").is_file()]


def _tables_of_tracks(path: Path) -> list[Path]:
    """Return the catalogue of a folder, or else all tables that may hold tracks."""
    if not path.is_dir() or _present(path, CATALOGUE):
        return [_file(path, CATALOGUE)]
    tables = (each for each in path.iterdir() if each.name.lower().endswith(SUFFIXES) and each.is_file())
    of_tracks = sorted(each for each in tables if each.name.lower().partition(".")[0] not in _OTHER_PARTS)
    return of_tracks or [_file(path, CATALOGUE)]


def _file(path: Path, part: str) -> Path:
    if not path.exists():
        raise SourceUnavailableError(f"nothing at {path}: give a file, a folder or a database.")
    if path.is_file():
        return path
    files = _present(path, part)
    if len(files) != 1:
        if not files:
            raise TableMissingError(
                f"{path} holds no {part}.parquet or {part}.csv: name such a file, or import the data first."
            )
        raise SourceSchemaError(
            f"{path} holds {' and '.join(each.name for each in files)}: keep one of them."
        )
    return files[0]
