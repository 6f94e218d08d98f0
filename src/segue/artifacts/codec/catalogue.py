"""The files of a catalogue: text and labels by offsets, numbers in one array, known values in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.form import open_named, reading, save_arrays, save_named
from segue.artifacts.codec.vocabulary import load_vocabulary, write_vocabulary
from segue.artifacts.file_check import open_array
from segue.artifacts.strict_json import texts
from segue.domain.catalogue.tracks import AUDIO_FEATURES, Catalogue
from segue.domain.vector.column import Labels, Text
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FIRST = 2
"""Columns of ``number.npy`` before the audio features: popularity and seconds."""


def write_catalogue(catalogue: Catalogue, folder: Path) -> None:
    """Write ``model.json`` and the columns.

    An array of an artifact is finite: what is unknown is 0 in ``number.npy`` and false in ``known.npy``,
    two arrays of (n_items, 2 + 12 + n_low_level). The vocabulary lies in the same folder.
    """
    number = np.column_stack(
        [catalogue.popularity, catalogue.duration_s, catalogue.audio, catalogue.low_level]
    ).astype(np.float32)
    known = ~np.isnan(number)
    columns = {
        "number": np.where(known, number, np.float32(0)),
        "known": known,
        "release_date": catalogue.release_date.astype("datetime64[D]"),
        "explicit": catalogue.explicit,
    }
    save_arrays(folder, columns)
    for name in ("name", "album"):
        _save_text(folder, name, getattr(catalogue, name))
    for name in ("artists", "genres"):
        labels: Labels = getattr(catalogue, name)
        _save_text(folder, f"{name}.names", labels.names)
        save_arrays(folder, {f"{name}.start": labels.start, f"{name}.label_index": labels.label_index})
    write_vocabulary(catalogue.vocabulary, folder)
    save_named(folder, audio=AUDIO_FEATURES, low_level=catalogue.low_level_names)


def load_catalogue(folder: Path) -> Catalogue:
    """Load what `write_catalogue` wrote.

    Text stays mapped from disk; numbers are copied once, as unknown ones become NaN: 60 bytes a track.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other.
    """
    with reading("catalogue"):
        raw = open_named(folder)
        if texts(raw["audio"]) != AUDIO_FEATURES:
            raise CorruptArtifactError(f"catalogue: its audio features are {raw['audio']}")
        number = np.where(_open(folder, "known"), _open(folder, "number"), np.float32(np.nan))
        audio_end = _FIRST + len(AUDIO_FEATURES)
        return Catalogue(
            vocabulary=load_vocabulary(folder),
            name=_open_text(folder, "name"),
            artists=_open_labels(folder, "artists"),
            album=_open_text(folder, "album"),
            genres=_open_labels(folder, "genres"),
            release_date=_open(folder, "release_date"),
            popularity=number[:, 0],
            duration_s=number[:, 1],
            explicit=_open(folder, "explicit"),
            audio=number[:, _FIRST:audio_end],
            low_level_names=texts(raw["low_level"]),
            low_level=number[:, audio_end:],
        )


def _open(folder: Path, name: str) -> NDArray[Any]:
    return open_array(folder / f"{name}.npy")


def _save_text(folder: Path, name: str, text: Text) -> None:
    save_arrays(folder, {f"{name}.start": text.start, f"{name}.data": text.data})


def _open_text(folder: Path, name: str) -> Text:
    return Text(_open(folder, f"{name}.start"), _open(folder, f"{name}.data"))


def _open_labels(folder: Path, name: str) -> Labels:
    return Labels(
        _open_text(folder, f"{name}.names"),
        _open(folder, f"{name}.start"),
        _open(folder, f"{name}.label_index"),
    )
