"""Writes a dataset folder: catalogue.parquet, interactions.parquet and friends.parquet.

The listeners' exclusions are in exclusions.jsonl, as lines of the event lake. Reading the folder gives equal
values, and the account has no dropped row and no blanked cell.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segue.domain.catalogue.tracks import AUDIO_FEATURES, Catalogue
from segue.domain.listening.event import EVENT_KINDS
from segue.domain.listening.interactions import UNKNOWN_MS, Interactions
from segue.errors import InvalidInputError, SourceUnavailableError
from segue.sources.dataset.location import CATALOGUE, EXCLUSIONS, FRIENDS, INTERACTIONS
from segue.sources.dataset.table.known_column import LOW_LEVEL
from segue.sources.lake import write_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.friends import Friends
    from segue.domain.vector.column import Labels, Text

    Value = Catalogue | Interactions | Friends

RECORD = "dataset.json"
"""File that says from what a folder was made; `write_folder` writes it."""


def write_part(value: Value, out: Path) -> tuple[Path, int | None]:
    """Write one file into a dataset folder, completely or not at all.

    Returns
    -------
    Path, int or None
        The file, and the number of rows of the replaced file, or None if it is new.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".partial-") as partial:
            written = _write(value, Path(partial))
            path = out / written.name
            before = pq.read_metadata(path).num_rows if path.is_file() else None
            for each in Path(partial).iterdir():
                each.replace(out / each.name)
            return path, before
    except pa.ArrowInvalid as error:
        raise InvalidInputError(
            f"{path} is not a Parquet file of Segue ({error}): move it away first."
        ) from error
    except OSError as error:
        raise _unwritable(out, error) from error


def check_replaceable(out: Path) -> None:
    """Raise InvalidInputError if `write_folder` would replace anything but a dataset."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / RECORD).is_file())):
        raise InvalidInputError(f"{out} is not an imported dataset and is kept: name another folder.")


def write_folder(values: Sequence[Value], record: bytes, out: Path) -> None:
    """Write a dataset folder with its record, and replace an existing one.

    Raises
    ------
    InvalidInputError
        ``out`` is not a dataset: name another folder.
    SourceUnavailableError
        The folder cannot be written: check the permissions and the disk.
    """
    check_replaceable(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
            partial = Path(name) / "new"
            partial.mkdir()
            for value in values:
                _write(value, partial)
            (partial / RECORD).write_bytes(record)
            if out.exists():
                out.rename(Path(name) / "old")
            partial.rename(out)
    except OSError as error:
        raise _unwritable(out, error) from error


def _write(value: Value, folder: Path) -> Path:
    if isinstance(value, Catalogue):
        path, table = folder / f"{CATALOGUE}.parquet", _catalogue(value)
    elif isinstance(value, Interactions):
        path, table = folder / f"{INTERACTIONS}.parquet", _interactions(value)
        (folder / EXCLUSIONS).write_bytes(write_lines(value.exclusions))
    else:
        path, table = folder / f"{FRIENDS}.parquet", _friends(value)
    pq.write_table(table, path, compression="zstd")
    return path


def _unwritable(out: Path, error: OSError) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"{out} cannot be written ({error.strerror or error}): name another folder."
    )


def _catalogue(catalogue: Catalogue) -> pa.Table:
    audio = zip(AUDIO_FEATURES, catalogue.audio.T, strict=True)
    names = [LOW_LEVEL + name for name in catalogue.low_level_names]
    low_level = zip(names, catalogue.low_level.T, strict=True)
    columns = {
        "track_id": _ids(catalogue.vocabulary),
        "name": _titles(catalogue.name),
        "artists": _labels(catalogue.artists),
        "album": _titles(catalogue.album),
        "genres": _labels(catalogue.genres),
        "release_date": pa.array(catalogue.release_date),
        "popularity": _floats(catalogue.popularity),
        "duration_s": _floats(catalogue.duration_s),
        "explicit": pa.array(catalogue.explicit, mask=catalogue.explicit < 0),
        **{name: _floats(column) for name, column in (*audio, *low_level)},
    }
    return _known(columns)


def _interactions(interactions: Interactions) -> pa.Table:
    ms, contexts = interactions.ms_played, pa.array([None, *interactions.contexts[1:]], pa.string())
    return _known(
        {
            "user_id": _ids(interactions.users).take(pa.array(interactions.user_index)),
            "track_id": _ids(interactions.items).take(pa.array(interactions.item_index)),
            "event": pa.array([kind.value for kind in EVENT_KINDS]).take(pa.array(interactions.kind)),
            "at": pa.array(interactions.at, pa.timestamp("s", "UTC")),
            "count": pa.array(interactions.count),
            "ms_played": pa.array(ms, mask=ms == UNKNOWN_MS),
            "context": contexts.take(pa.array(interactions.context)),
        }
    )


def _friends(friends: Friends) -> pa.Table:
    user = np.repeat(np.arange(len(friends.users), dtype=np.int32), np.diff(friends.start))
    once = user < friends.friend_index
    ids = _ids(friends.users)
    return pa.table({"user_id": ids.take(user[once]), "friend_id": ids.take(friends.friend_index[once])})


def _known(columns: dict[str, pa.Array]) -> pa.Table:
    """Return a table without its empty columns; columns of ids are always kept."""
    return pa.table(
        {name: each for name, each in columns.items() if name.endswith("_id") or _has_value(each)}
    )


def _has_value(column: pa.Array) -> bool:
    cells = column.flatten() if pa.types.is_nested(column.type) else column
    return bool(len(cells) > cells.null_count)


def _ids(vocabulary: Vocabulary) -> pa.Array:
    return pa.array(vocabulary.item_id.tolist(), pa.string())


def _text(text: Text) -> pa.Array:
    start, data = np.ascontiguousarray(text.start), np.ascontiguousarray(text.data)
    return pa.LargeStringArray.from_buffers(len(text), pa.py_buffer(start), pa.py_buffer(data))


def _titles(text: Text) -> pa.Array:
    written = _text(text)
    return pc.if_else(pc.equal(written, ""), None, written)


def _labels(labels: Labels) -> pa.Array:
    names = _text(labels.names).take(pa.array(labels.label_index))
    return pa.LargeListArray.from_arrays(pa.array(labels.start), names)


def _floats(column: NDArray[np.float32]) -> pa.Array:
    return pa.array(np.ascontiguousarray(column), from_pandas=True)  # NaN is written as missing
