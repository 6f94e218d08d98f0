"""Checks every fit before it is ranked or published: the solver ended, and all numbers are finite."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse

from segue.errors import ConfigError, InvalidInputError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.algorithm.kind import Algorithm, Scorer

NOT_FITTED = (TrainingError, InvalidInputError, ConfigError)
"""Errors that leave out one model only: it failed, refuses the data, or is not installed."""


def fit_finite(recommender: Algorithm, interactions: csr_matrix, progress: Callable[[str], None]) -> Scorer:
    """Fit a recommender, and check the result.

    Raises
    ------
    TrainingError
        The solver failed, or a number of the model is not finite: plays that differ by many powers of ten
        overflow a sum of squares.
    InvalidInputError, ConfigError
        The model refuses the data, or its package is not available.
    """
    with solving("weights"):
        scorer = recommender.fit(interactions, progress)
    check_finite(scorer.model, "weights")
    return scorer


@contextmanager
def solving(of: str) -> Iterator[None]:
    """Turn a solver's error into a `TrainingError` that names ``of``, what was fitted; silence warnings."""
    try:
        with np.errstate(all="ignore"):
            yield
    except MemoryError as error:
        raise TrainingError(
            "the machine has no memory left for it: close something, or give less."
        ) from error
    except (ArithmeticError, RuntimeError, ValueError) as error:
        raise TrainingError(f"its solver failed with these {of} ({error}): {_remedy(of)}") from error


def check_finite(fitted: Any, of: str, name: str = "numbers") -> None:
    """Pass if every float of a fitted value is a number.

    Parameters
    ----------
    fitted : object
        An array, or dataclasses and tuples of arrays.
    of : str
        Plural noun for the data, for the message.
    name : str
        Name of an array that is in no dataclass.

    Raises
    ------
    TrainingError
        An array holds NaN or an infinity; the message names its field.
    """
    for field, array in arrays_of(fitted, name):
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise TrainingError(f"its {field} are not finite with these {of}: {_remedy(of)}")


def arrays_of(value: Any, name: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield every array within dataclasses, tuples and sparse matrices, with the name of its field."""
    if isinstance(value, np.ndarray):
        yield name, value
    elif issparse(value):
        yield from ((name, part) for part in (value.data, value.indices, value.indptr))
    elif isinstance(value, tuple):
        for part in value:
            yield from arrays_of(part, name)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from arrays_of(getattr(value, field.name), field.name)


def _remedy(of: str) -> str:
    return f"give smaller {of}, or their logarithms."
