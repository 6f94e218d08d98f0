"""The files of text and of labels: names by offsets, which open without building a string."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import open_arrays, save_arrays
from segue.domain.vector.column import Labels, Text

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.model.member import ArrayForm


def save_text(folder: Path, name: str, text: Text) -> None:
    """Write ``NAME.start.npy`` and ``NAME.data.npy``."""
    save_arrays(folder, {f"{name}.start": text.start, f"{name}.data": text.data})


def open_text(folder: Path, name: str) -> Text:
    """Map what `save_text` wrote."""
    return Text(*open_arrays(folder, {f"{name}.start": (np.int64, 1), f"{name}.data": (np.uint8, 1)}))


def save_labels(folder: Path, name: str, labels: Labels) -> None:
    """Write the names as text under ``NAME.names``, ``NAME.start.npy`` and ``NAME.label_index.npy``."""
    save_text(folder, f"{name}.names", labels.names)
    save_arrays(folder, {f"{name}.start": labels.start, f"{name}.label_index": labels.label_index})


def open_labels(folder: Path, name: str) -> Labels:
    """Map what `save_labels` wrote."""
    forms: dict[str, ArrayForm] = {f"{name}.start": (np.int64, 1), f"{name}.label_index": (np.int32, 1)}
    return Labels(open_text(folder, f"{name}.names"), *open_arrays(folder, forms))
