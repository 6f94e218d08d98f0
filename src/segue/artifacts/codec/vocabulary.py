"""The file of a vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import open_arrays, reading, save_arrays
from segue.domain.catalogue.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path


def write_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``item_id.npy``."""
    save_arrays(folder, {"item_id": vocabulary.item_id})


def load_vocabulary(folder: Path) -> Vocabulary:
    """Load what `write_vocabulary` wrote.

    Raises
    ------
    CorruptArtifactError
        The ids repeat or are not in order.
    """
    with reading("vocabulary"):
        return Vocabulary(*open_arrays(folder, {"item_id": (np.str_, 1)}))
