"""Where the tables of features are, found without reading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segue.errors import SourceSchemaError, SourceUnavailableError, TableMissingError
from training.cluster.variant import FeatureSource
from training.release.file_state import file_states

if TYPE_CHECKING:
    from collections.abc import Mapping

TRACKS, LOW_LEVEL, LYRICS = "spotify_tracks", "low_level_audio_features", "lyrics_features"
"""The files of a raw-data folder, without their suffix."""

RAW = "raw"
"""The folder of raw tables in the folder of all data."""

_SUFFIXES = (".csv", ".parquet", ".csv.gz", ".tsv", ".pq")
_TABLES = {".csv", ".parquet", ".pq", ".tsv", ".txt", ".dat", ".gz", ".zip"}
_STEM = {FeatureSource.AUDIO: TRACKS, FeatureSource.LOW_LEVEL: LOW_LEVEL, FeatureSource.LYRICS: LYRICS}


@dataclass(frozen=True, slots=True)
class TableSource:
    """What is read.

    Attributes
    ----------
    tracks : str or None
        A file, data set or database with the tracks; None where the features' own rows are the tracks.
    low_level, lyrics : Path or None
    folder : str
        Where missing tables would be looked for; empty where that is no folder.
    sample : int or None
        Maximum number of tracks; None for all.
    seed : int
        Seed that draws these tracks.
    """

    tracks: str | None
    low_level: Path | None
    lyrics: Path | None
    folder: str = ""
    sample: int | None = None
    seed: int = 17

    def looked_for(self, table: FeatureSource) -> str:
        """Say what is missing."""
        if table is FeatureSource.AUDIO:
            return "no table of tracks"
        flag = {FeatureSource.LOW_LEVEL: "--low-level", FeatureSource.LYRICS: "--lyrics"}[table]
        file = f", no {_STEM[table]}.csv in {self.folder}" if self.folder else ""
        return f"no {table.replace('_', '-')} features{file} ({flag} FILE)"

    @property
    def identity(self) -> Mapping[str, list[int]] | None:
        """Size and time of every file: equal ones need not be read again. None for a URL or a lost file."""
        given = (self.low_level, self.lyrics, self.tracks)
        return file_states(str(each) for each in given if each is not None)


def find_source(
    *, raw: Path | None, data: str | None, low_level: Path | None = None, lyrics: Path | None = None
) -> TableSource:
    """Find the tables.

    Parameters
    ----------
    raw
        A raw-data folder: spotify_tracks is required, the others may be there.
    data
        A data set, as `read_catalogue` takes it. A folder that holds spotify_tracks, itself or in ``raw``, is
        a raw-data folder. Read where there is no ``raw``.
    low_level, lyrics
        Files in the place of those of the folder.

    Raises
    ------
    SourceUnavailableError
        The raw-data folder or its table of tracks is not there.
    SourceSchemaError
        A table is there twice, or nothing is named.
    """
    if raw is None and data is not None and Path(data).is_dir():
        data = _folder(Path(data))
        raw = Path(data) if _in(Path(data), TRACKS) else None
    for path in (low_level, lyrics):
        if path is not None and not path.is_file():
            raise SourceUnavailableError(f"nothing at {path}: give a .csv or .parquet file of features.")
    if raw is not None:
        return _raw(raw, low_level, lyrics)
    if data is None:
        if low_level is None and lyrics is None:
            raise SourceSchemaError("nothing to read: name --raw-data, --data or --low-level.")
        return TableSource(None, low_level, lyrics)
    folder = Path(data) if Path(data).is_dir() else None
    if folder is not None:
        low_level, lyrics = low_level or _in(folder, LOW_LEVEL), lyrics or _in(folder, LYRICS)
    return TableSource(data, low_level, lyrics, data if folder else "")


def _folder(data: Path) -> str:
    """Return the folder of the tables: the one that is named, or ``raw`` in it.

    Raises
    ------
    TableMissingError
        Neither holds a table.
    """
    for folder in (data, data / RAW):
        if folder.is_dir() and any(
            path.is_file() and path.suffix.lower() in _TABLES for path in folder.iterdir()
        ):
            return str(folder)
    raise TableMissingError(
        f"{data} holds no table, nor does {data / RAW}: name the folder of {TRACKS}.csv with --raw-data "
        "(RAW_DATA_PATH), or a file, a database or a folder of tracks with --data (DATA_PATH)."
    )


def _raw(folder: Path, low_level: Path | None, lyrics: Path | None) -> TableSource:
    if not folder.is_dir():
        raise SourceUnavailableError(f"{folder} is no folder: name the one that holds {TRACKS}.csv.")
    tracks = _in(folder, TRACKS)
    if tracks is None:
        raise SourceUnavailableError(
            f"{folder} holds no {TRACKS}.csv (or .parquet), which is required by --raw-data (RAW_DATA_PATH): "
            "put it there, name tracks with --data (DATA_PATH), or features alone with --low-level FILE."
        )
    return TableSource(
        str(tracks), low_level or _in(folder, LOW_LEVEL), lyrics or _in(folder, LYRICS), str(folder)
    )


def _in(folder: Path, stem: str) -> Path | None:
    found = [path for suffix in _SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()]
    if len(found) > 1:
        raise SourceSchemaError(f"{folder} holds {' and '.join(p.name for p in found)}: keep one of them.")
    return found[0] if found else None
