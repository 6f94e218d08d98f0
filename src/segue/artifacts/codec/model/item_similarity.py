"""The files of item-item weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary

FORMS: dict[str, Form] = {"start": (np.int64, 1), "item_index": (np.int32, 1), "weight": (np.float32, 1)}


def write_item_similarity(model: ItemSimilarity, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``start.npy``, ``item_index.npy``, ``weight.npy`` and ``model.json``."""
    save_arrays(folder, {name: getattr(model, name) for name in FORMS})
    save_named(folder, vocabulary=vocabulary.checksum)


def load_item_similarity(folder: Path, vocabulary: Vocabulary) -> ItemSimilarity:
    """Load what `write_item_similarity` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("item-similarity"):
        open_named_for(folder, vocabulary)
        model = ItemSimilarity(*open_arrays(folder, FORMS))
    if model.n_items != len(vocabulary):
        raise CorruptArtifactError(f"item-similarity: {model.n_items} rows for {len(vocabulary)} items")
    return model
