"""What one variant is made of: its tracks, their features, and the fingerprint that tells data apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.column import open_labels, open_text, save_labels, save_text
from segue.artifacts.codec.form import open_named, save_arrays, save_named
from segue.artifacts.codec.vocabulary import load_vocabulary, write_vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.vector.column import Labels, Text


@dataclass(frozen=True, slots=True)
class VariantInput:
    """The tracks that a variant can see.

    Attributes
    ----------
    vocabulary : Vocabulary (n_items,)
    name : Text (n_items,)
    artists, genres : Labels (n_items,)
        Genres name the clusters, and say how pure they are; they are no feature.
    columns : tuple of str (n_columns,)
    value : float32 (n_items, n_columns)
        NaN where unknown; no row and no column is unknown throughout.
    """

    vocabulary: Vocabulary
    name: Text
    artists: Labels
    genres: Labels
    columns: tuple[str, ...]
    value: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.vocabulary)

    @property
    def fingerprint(self) -> str:
        """``sha256:`` and 64 hex digits, of everything in it."""
        value = np.where(np.isnan(self.value), np.float32(np.nan), self.value).astype("<f4")
        parts: list[NDArray[Any]] = [value, self.name.start.astype("<i8"), self.name.data]
        for labels in (self.artists, self.genres):
            parts += [labels.names.start.astype("<i8"), labels.names.data]
            parts += [labels.start.astype("<i8"), labels.label_index.astype("<i4")]
        digest = hashlib.sha256(repr((self.vocabulary.checksum, self.columns)).encode())
        for part in parts:
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(np.ascontiguousarray(part).data)
        return f"sha256:{digest.hexdigest()}"


def write_input(data: VariantInput, folder: Path) -> None:
    """Write it for the process that builds the variant, which maps the files instead of reading tables."""
    folder.mkdir(parents=True, exist_ok=True)
    write_vocabulary(data.vocabulary, folder)
    save_text(folder, "name", data.name)
    save_labels(folder, "artists", data.artists)
    save_labels(folder, "genres", data.genres)
    save_arrays(folder, {"value": data.value})
    save_named(folder, columns=data.columns)


def load_input(folder: Path) -> VariantInput:
    """Load what `write_input` wrote."""
    value = np.load(folder / "value.npy", mmap_mode="r", allow_pickle=False)
    return VariantInput(
        load_vocabulary(folder),
        open_text(folder, "name"),
        open_labels(folder, "artists"),
        open_labels(folder, "genres"),
        tuple(open_named(folder)["columns"]),
        value,
    )
