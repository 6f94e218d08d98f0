"""The files of a catalogue: text and labels by offsets, numbers in one array beside what of it is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codecs import load_vocabulary, write_vocabulary
from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.catalogue import AUDIO_FEATURES, Catalogue
from segue.domain.text import Labels, Text
from segue.errors import CorruptArtifactError, InvalidInputError

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
    _save(folder, "number", np.where(known, number, np.float32(0)))
    _save(folder, "known", known)
    _save(folder, "release_date", catalogue.release_date.astype("datetime64[D]"))
    _save(folder, "explicit", catalogue.explicit)
    for name in ("name", "album"):
        _save_text(folder, name, getattr(catalogue, name))
    for name in ("artists", "genres"):
        labels: Labels = getattr(catalogue, name)
        _save_text(folder, f"{name}.names", labels.names)
        _save(folder, f"{name}.start", labels.start)
        _save(folder, f"{name}.label_index", labels.label_index)
    write_vocabulary(catalogue.vocabulary, folder)
    named = {"audio": AUDIO_FEATURES, "low_level": catalogue.low_level_names}
    (folder / "model.json").write_bytes(canonical_json(named))


def load_catalogue(folder: Path) -> Catalogue:
    """Load what `write_catalogue` wrote.

    Text stays mapped from disk; numbers are copied once, as unknown ones become NaN: 60 bytes a track.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        if tuple(raw["audio"]) != AUDIO_FEATURES:
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
            low_level_names=tuple(raw["low_level"]),
            low_level=number[:, audio_end:],
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, InvalidInputError) as error:
        raise CorruptArtifactError(f"catalogue: {error!r}") from error


def _save(folder: Path, name: str, array: NDArray[Any]) -> None:
    np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _open(folder: Path, name: str) -> NDArray[Any]:
    return open_array(folder / f"{name}.npy")


def _save_text(folder: Path, name: str, text: Text) -> None:
    _save(folder, f"{name}.start", text.start)
    _save(folder, f"{name}.data", text.data)


def _open_text(folder: Path, name: str) -> Text:
    return Text(_open(folder, f"{name}.start"), _open(folder, f"{name}.data"))


def _open_labels(folder: Path, name: str) -> Labels:
    return Labels(
        _open_text(folder, f"{name}.names"),
        _open(folder, f"{name}.start"),
        _open(folder, f"{name}.label_index"),
    )
