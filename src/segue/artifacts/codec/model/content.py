"""The files of content vectors and their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.artifacts.codec.model.item_similarity import FORMS as NEIGHBOUR_FORMS
from segue.artifacts.strict_json import number, texts
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.content.vectors import Content
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {"vectors": (np.float32, 2), **NEIGHBOUR_FORMS}


def write_content(model: Content, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``vectors.npy``, ``start.npy``, ``item_index.npy``, ``weight.npy`` and ``model.json``."""
    near = model.neighbours
    save_arrays(
        folder, dict(zip(_FORMS, (model.vectors, near.start, near.item_index, near.weight), strict=True))
    )
    save_named(folder, audio_columns=model.audio_columns, n_text=model.n_text, vocabulary=vocabulary.checksum)


def load_content(folder: Path, vocabulary: Vocabulary) -> Content:
    """Load what `write_content` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    with reading("content"):
        named = open_named_for(folder, vocabulary)
        vectors, *near = open_arrays(folder, _FORMS)
        model = Content(
            vectors=vectors,
            audio_columns=texts(named["audio_columns"]),
            n_text=int(number(named["n_text"])),
            neighbours=ItemSimilarity(*near),
        )
    if len(model.vectors) != len(vocabulary):
        raise CorruptArtifactError(f"content: {len(model.vectors)} vectors for {len(vocabulary)} tracks")
    return model
