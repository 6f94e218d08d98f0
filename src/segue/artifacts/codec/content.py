"""The files of content vectors and their neighbours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codecs import check_vocabulary
from segue.artifacts.content import open_array
from segue.artifacts.manifest import canonical_json
from segue.domain.content import Content
from segue.domain.item_similarity import ItemSimilarity
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.vocabulary import Vocabulary


def write_content(model: Content, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``vectors.npy``, ``start.npy``, ``item_index.npy``, ``weight.npy`` and ``model.json``."""
    np.save(folder / "vectors.npy", model.vectors, allow_pickle=False)
    for name in ItemSimilarity.__slots__:
        np.save(folder / f"{name}.npy", getattr(model.neighbours, name), allow_pickle=False)
    named = {
        "audio_columns": model.audio_columns,
        "n_text": model.n_text,
        "vocabulary": vocabulary.checksum,
    }
    (folder / "model.json").write_bytes(canonical_json(named))


def load_content(folder: Path, vocabulary: Vocabulary) -> Content:
    """Load what `write_content` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    try:
        raw = json.loads((folder / "model.json").read_bytes())
        check_vocabulary("content", raw["vocabulary"], vocabulary)
        start, item_index, weight = (open_array(folder / f"{name}.npy") for name in ItemSimilarity.__slots__)
        model = Content(
            vectors=open_array(folder / "vectors.npy"),
            audio_columns=tuple(raw["audio_columns"]),
            n_text=int(raw["n_text"]),
            neighbours=ItemSimilarity(start, item_index, weight),
        )
    except (OSError, ValueError, IndexError, KeyError, TypeError, InvalidInputError) as error:
        raise CorruptArtifactError(f"content: {error!r}") from error
    if len(model.vectors) != len(vocabulary) or model.vectors.dtype != np.float32:
        raise CorruptArtifactError(
            f"content: {model.vectors.dtype} {model.vectors.shape} for {len(vocabulary)} tracks"
        )
    return model
