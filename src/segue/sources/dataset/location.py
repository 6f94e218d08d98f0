"""One way to read a catalogue, interactions or friendships, wherever they are and whatever form they have."""

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
"""The files of a dataset folder, without their suffix."""
EXCLUSIONS = "exclusions.jsonl"
"""What listeners exclude, beside the interactions of a folder."""

_OTHER_PARTS = (INTERACTIONS, FRIENDS, "low_level_audio_features", "lyrics_features")
"""Tables of a folder that are not of tracks."""

_SQLITE = b"SQLite format 3\0"


def read_catalogue(
    location: str | Path | Sequence[str | Path], *, now: datetime | None = None
) -> tuple[Catalogue, Account]:
    """Return the tracks at a location, cleaned, and what the cleaning did.

    Parameters
    ----------
    location
        A CSV or Parquet file, a dataset folder, an SQLite file, or a ``postgresql://`` URL. Several files,
        or a folder of tables without a ``catalogue``, are one catalogue.
    now
        When the future begins, in UTC; the present unless given.

    Raises
    ------
    SourceUnavailableError
        There is nothing, or it cannot be read: check the path or the connection.
    SourceSchemaError
        It holds no table of tracks; the message names what is missing.
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
    """Return the events at a location, cleaned, and what the cleaning did.

    Takes what `read_catalogue` takes, and a folder that holds an event lake; raises as it does. A lake on
    S3 is opened by whoever may know S3, and read by `read_lake`.
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
    """Tell whether a location is a single table, and no database or folder of several."""
    return not is_database(location) and Path(location).is_file()


def read_friends(location: str | Path) -> tuple[Friends, Account]:
    """Return the friendships at a location, cleaned, and what the cleaning did.

    Takes what `read_catalogue` takes; raises as it does, but a folder or database without friends is no
    error: there are none.
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
    """Return the events of a lake, given as `segue.artifacts.listing.read_all` yields its objects."""
    found, tally = LakeAccount(), Tally(source)
    feedback = list(read_feedback(objects, found))
    exclusions = tuple(each for each in feedback if isinstance(each, Exclusion))
    events = (each for each in feedback if isinstance(each, Event))
    interactions = replace(clean_events(events, tally), exclusions=exclusions)
    tally.rows_read = found.read + found.repeated + len(found.damaged)
    tally.count(Effect.DROPPED, "event that was accepted before", found.repeated)
    _count_damaged(found, tally)
    return interactions, tally.account(_extent(interactions))


def _exclusions(path: Path, tally: Tally) -> tuple[Exclusion, ...]:
    if not path.is_file():
        return ()
    found = LakeAccount()
    lines = read_feedback([(path.name, path.read_bytes())], found)
    exclusions = tuple(each for each in lines if isinstance(each, Exclusion))
    _count_damaged(found, tally)
    return exclusions


def _count_damaged(found: LakeAccount, tally: Tally) -> None:
    damaged = [f"{line.key}, line {line.number}: {line.why}" for line in found.damaged]
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
    """Tell whether a location is a database's URL or an SQLite file; a file must be readable."""
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
    """Return the catalogue of a folder, or else all of its tables that may be of tracks."""
    if not path.is_dir() or _present(path, CATALOGUE):
        return [_file(path, CATALOGUE)]
    tables = (each for each in path.iterdir() if each.name.lower().endswith(SUFFIXES) and each.is_file())
    found = sorted(each for each in tables if each.name.lower().partition(".")[0] not in _OTHER_PARTS)
    return found or [_file(path, CATALOGUE)]


def _file(path: Path, part: str) -> Path:
    if not path.exists():
        raise SourceUnavailableError(f"nothing at {path}: give a file, a folder or a database.")
    if path.is_file():
        return path
    found = _present(path, part)
    if len(found) != 1:
        if not found:
            raise TableMissingError(
                f"{path} holds no {part}.parquet or {part}.csv: name such a file, or import the data first."
            )
        raise SourceSchemaError(
            f"{path} holds {' and '.join(each.name for each in found)}: keep one of them."
        )
    return found[0]
