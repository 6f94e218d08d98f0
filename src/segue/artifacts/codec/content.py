"""The files of content vectors and their neighbours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, save_arrays
from segue.artifacts.codecs import check_vocabulary
from segue.artifacts.manifest import canonical_json
from segue.domain.content import Content
from segue.domain.item_similarity import ItemSimilarity
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {
    "vectors": (np.float32, 2),
    "start": (np.int64, 1),
    "item_index": (np.int32, 1),
    "weight": (np.float32, 1),
}


def write_content(model: Content, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``vectors.npy``, ``start.npy``, ``item_index.npy``, ``weight.npy`` and ``model.json``."""
    near = model.neighbours
    save_arrays(
        folder, dict(zip(_FORMS, (model.vectors, near.start, near.item_index, near.weight), strict=True))
    )
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
        vectors, start, item_index, weight = open_arrays(folder, _FORMS)
        model = Content(
            vectors=vectors,
            audio_columns=tuple(raw["audio_columns"]),
            n_text=int(raw["n_text"]),
            neighbours=ItemSimilarity(start, item_index, weight),
        )
    except (OSError, ValueError, IndexError, KeyError, TypeError, InvalidInputError) as error:
        raise CorruptArtifactError(f"content: {error!r}") from error
    if len(model.vectors) != len(vocabulary):
        raise CorruptArtifactError(f"content: {len(model.vectors)} vectors for {len(vocabulary)} tracks")
    return model
