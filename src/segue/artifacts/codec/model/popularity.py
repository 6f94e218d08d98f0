"""The files of popularity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.domain.model.popularity.plays import Popularity
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {
    "all_time": (np.floating, 1),
    "trending": (np.floating, 1),
    "genre_start": (np.integer, 1),
    "genre_item": (np.integer, 1),
}


def write_popularity(model: Popularity, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``all_time.npy``, ``trending.npy``, ``genre_start.npy``, ``genre_item.npy``, ``model.json``."""
    save_arrays(folder, {name: getattr(model, name) for name in _FORMS})
    save_named(folder, vocabulary=vocabulary.checksum)


def load_popularity(folder: Path, vocabulary: Vocabulary) -> Popularity:
    """Load what `write_popularity` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("popularity"):
        open_named_for(folder, vocabulary)
        model = Popularity(*open_arrays(folder, _FORMS))
    n, start, item = len(vocabulary), model.genre_start, model.genre_item
    if not (
        model.all_time.shape == model.trending.shape == (n,)
        and start[:1].tolist() == [0]
        and start[-1] == len(item)
        and (np.diff(start) >= 0).all()
        and (not len(item) or 0 <= item.min() <= item.max() < n)
    ):
        raise CorruptArtifactError(f"popularity: the arrays do not describe {n} items and their genres")
    return model
