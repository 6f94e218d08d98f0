"""What the codecs of all families share: arrays held to their form, ``model.json``, and what is corrupt."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.file_check import open_array
from segue.artifacts.manifest import canonical_json
from segue.artifacts.strict_json import parse_json
from segue.errors import CorruptArtifactError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.model.member import ArrayForm

_UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


@contextmanager
def reading(family: str) -> Iterator[None]:
    """Raise CorruptArtifactError, which names the family, for whatever files that do not agree raise."""
    try:
        yield
    except CorruptArtifactError as error:
        raise CorruptArtifactError(f"{family}: {error}") from error
    except InvalidInputError as error:  # its message is a sentence
        raise CorruptArtifactError(f"{family}: {error}") from error
    except _UNREADABLE as error:
        raise CorruptArtifactError(f"{family}: {error!r}") from error


def save_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write each array to a file of its name."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def open_arrays(folder: Path, forms: Mapping[str, ArrayForm]) -> list[NDArray[Any]]:
    """Map the files of some names, in that order.

    Raises
    ------
    CorruptArtifactError
        A file is no array, or has another form: a value built from it would fail far from here.
    """
    arrays = []
    for name, (kind, n_dimensions) in forms.items():
        array = open_array(folder / f"{name}.npy")
        if not np.issubdtype(array.dtype, kind) or array.ndim != n_dimensions:
            raise CorruptArtifactError(
                f"{name}.npy is {array.dtype.name} {array.shape}: expected {kind.__name__} in {n_dimensions} "
                "dimensions"
            )
        arrays.append(array)
    return arrays


def save_named(folder: Path, **named: Any) -> None:
    """Write ``model.json``."""
    (folder / "model.json").write_bytes(canonical_json(named))


def open_named(folder: Path) -> dict[str, Any]:
    """Read what `save_named` wrote."""
    return read_object(folder, "model.json")


def read_object(folder: Path, name: str) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises
    ------
    ValueError, TypeError, OSError
        It is not there, or holds something else: `reading` says of what.
    """
    found = parse_json((folder / name).read_bytes())
    if not isinstance(found, dict):
        raise TypeError(f"{name} holds no object")
    return found


def open_named_for(folder: Path, vocabulary: Vocabulary) -> dict[str, Any]:
    """Read ``model.json`` of a model that was made for a vocabulary, and names its checksum.

    Raises
    ------
    CorruptArtifactError
        It was made for another: its rows would be answers about other tracks, and nothing else would notice.
    """
    named = open_named(folder)
    if named["vocabulary"] != vocabulary.checksum:
        raise CorruptArtifactError(
            f"made for the vocabulary {named['vocabulary']:.12}, opened with {vocabulary.checksum:.12}"
        )
    return named
