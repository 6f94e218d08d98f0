"""The files of a model family, as its `segue.domain.model.member.Member` declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segue.artifacts.codec.form import open_arrays, open_named_for, reading, save_arrays, save_named
from segue.artifacts.codec.inverted_file import load_cells, write_cells
from segue.artifacts.strict_json import number, texts
from segue.domain.model.registry import MEMBERS

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary


def write_member(family: str, model: Any, vocabulary: Vocabulary, folder: Path) -> None:
    """Write an array a file, the cells if there are any, and ``model.json``, which names the vocabulary."""
    member = MEMBERS[family]
    arrays, values = member.take_apart(model)
    save_arrays(folder, dict(zip(member.arrays, arrays, strict=True)))
    cells = write_cells(model.cells, folder) if member.fold_in else {}
    save_named(folder, **values, **cells, vocabulary=vocabulary.checksum)


def load_member(family: str, folder: Path, vocabulary: Vocabulary) -> Any:
    """Load what `write_member` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary.
    """
    member = MEMBERS[family]
    with reading(family):
        named = open_named_for(folder, vocabulary)
        arrays = open_arrays(folder, member.arrays)
        model = member.build(len(vocabulary), *arrays, **_read(member.values, named))
        if member.fold_in:
            model = replace(model, cells=load_cells(folder, named, arrays[0].shape))
        return model


def _read(kind: Any, raw: Any) -> Any:
    """Return a value of ``model.json`` as the type that is declared; other types are refused."""
    if isinstance(kind, Mapping):
        return {name: _read(each, raw[name]) for name, each in kind.items()}
    if kind is tuple:
        return texts(raw)
    return kind(number(raw)) if kind in (int, float) else kind(raw)
