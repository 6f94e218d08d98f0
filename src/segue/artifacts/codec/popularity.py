"""The files of popularity."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codecs import check_vocabulary
from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.popularity import Popularity
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.vocabulary import Vocabulary

_ARRAYS = ("all_time", "trending", "genre_start", "genre_item")


def write_popularity(model: Popularity, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``all_time.npy``, ``trending.npy``, ``genre_start.npy``, ``genre_item.npy``, ``model.json``."""
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(model, name), allow_pickle=False)
    (folder / "model.json").write_bytes(canonical_json({"vocabulary": vocabulary.checksum}))


def load_popularity(folder: Path, vocabulary: Vocabulary) -> Popularity:
    """Load what `write_popularity` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    try:
        check_vocabulary(
            "popularity", json.loads((folder / "model.json").read_bytes())["vocabulary"], vocabulary
        )
        model = Popularity(*(open_array(folder / f"{name}.npy") for name in _ARRAYS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptArtifactError(f"popularity: {error!r}") from error
    n, start, item = len(vocabulary), model.genre_start, model.genre_item
    if not (
        model.all_time.shape == model.trending.shape == (n,)
        and start.ndim == item.ndim == 1
        and start[:1].tolist() == [0]
        and start[-1] == len(item)
        and (np.diff(start) >= 0).all()
        and (not len(item) or 0 <= item.min() <= item.max() < n)
    ):
        raise CorruptArtifactError(f"popularity: the arrays do not describe {n} items and their genres")
    return model
