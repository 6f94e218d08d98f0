"""Non-negative matrix factorisation, served: a listener is a sum of parts, each a theme of items.

The user's weights of the parts minimise ½ |r - w·H|² + ½ λ |w|² over w ≥ 0, where column j of H is row j of
``factors``: with G = HHᵀ + λI and b = Hr, ½ wᵀGw - bᵀw. That is a convex problem of d unknowns, whatever
the size of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.factor_source import FactorSource
from segue.domain.model.member import Member, SourceSpec, Step
from segue.domain.vector.inverted_file import best_rows
from segue.errors import EmptyHistoryError, InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.vector.inverted_file import Cells

_PATIENCE, _ROUNDS_PER_PART = 3, 100


@dataclass(frozen=True, slots=True)
class NonnegativeFactors:
    """Parts of a catalogue; made by `build_nonnegative_factors`.

    Attributes
    ----------
    factors : float32 (n_items, d)
        How much of each item every part has, ≥ 0; one item per row.
    gram : float64 (d, d)
        ``factors``ᵀ · ``factors``.
    regularization : float
        λ ≥ 0.
    cells : Cells, optional
        Cells of ``factors``, if reading all factors for an answer takes too long.
    """

    factors: NDArray[np.float32]
    gram: NDArray[np.float64]
    regularization: float
    cells: Cells | None = None


def build_nonnegative_factors(factors: NDArray[np.float32], regularization: float) -> NonnegativeFactors:
    """Make the model of some parts, float32 (n_items, d).

    Raises
    ------
    InvalidInputError
        A factor is negative or not finite, or λ is negative: fit again.
    """
    if not (np.isfinite(factors).all() and (factors >= 0).all() and regularization >= 0):
        raise InvalidInputError(
            f"parts must be finite and not negative, as must regularization {regularization}."
        )
    exact = factors.astype(np.float64)
    return NonnegativeFactors(factors, exact.T @ exact, regularization)


def nonnegative_fold_in(model: NonnegativeFactors, history: History) -> NDArray[np.float32]:
    """Return how much of each part the listener has, float32 (d,), ≥ 0; a score is its product with a row.

    A dislike is an entry below 0. In O(h d + d³) a round, of which two or three are usual; d is about 20.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked: answer with what is popular.
    """
    if not (history.confidence > 0).any():
        raise EmptyHistoryError
    target = _items(model, history.item_index).T @ history.confidence
    return _nonnegative_least_squares(_system(model), target).astype(np.float32)


def nonnegative_explain(
    model: NonnegativeFactors, history: History, user: NDArray[np.float32] | None = None
) -> NDArray[np.float64]:
    """Return what each item of the history adds to any score, float64 (h, d): S with score_j = Σ_i S_i·h_j.

    On the parts P that the listener has, w_P = G_PP⁻¹ H_P r is linear in r, so S_i = r_i G_PP⁻¹ h_iP there,
    and 0 on the other parts.

    Parameters
    ----------
    model : NonnegativeFactors
    history : History
    user : float32 (d,), optional
        From `nonnegative_fold_in` of the same history, if it is at hand.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked.
    """
    used = (nonnegative_fold_in(model, history) if user is None else user) > 0
    items = _items(model, history.item_index)
    shares = np.zeros_like(items)
    shares[:, used] = np.linalg.solve(_system(model)[np.ix_(used, used)], items[:, used].T).T
    return shares * history.confidence[:, None]


def _items(model: NonnegativeFactors, item_index: NDArray[np.int32]) -> NDArray[np.float64]:
    return model.factors.take(item_index, axis=0).astype(np.float64)


def _system(model: NonnegativeFactors) -> NDArray[np.float64]:
    # A part that no item has is a row of zeros. A tiny value on the diagonal makes the system solvable.
    slight = 1e-12 * max(float(np.trace(model.gram)), 1e-300)
    return model.gram + (model.regularization + slight) * np.eye(len(model.gram))


def _nonnegative_least_squares(
    system: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimise ½ wᵀGw - bᵀw over w ≥ 0 by block principal pivoting on the Gram matrix, exactly.

    Parts with a negative weight leave, and those with a falling slope enter: all at once while their number
    falls, else only the last one, so that the search always ends. See Kim & Park, "Fast nonnegative
    matrix factorization: an active-set-like method and comparisons" (2011), algorithm 2.
    """
    enough = 1e-10 * float(np.abs(target).max(initial=0))
    used = target > enough
    fewest, patience = len(target) + 1, _PATIENCE
    for _ in range(_ROUNDS_PER_PART * len(target)):
        weights = _solve(system, target, used)
        wrong = np.where(used, weights < 0, target - system @ weights > enough)
        n_wrong = int(np.count_nonzero(wrong))
        if not n_wrong:
            break
        if n_wrong < fewest:
            fewest, patience = n_wrong, _PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
        used ^= wrong
    return np.maximum(weights, 0)


def _solve(
    system: NDArray[np.float64], target: NDArray[np.float64], used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    solution, some = np.zeros(len(target)), np.flatnonzero(used)
    solution[some] = np.linalg.solve(system[some[:, None], some], target[some])
    return solution


def part_source(model: NonnegativeFactors, history: History) -> FactorSource:
    """Fold a listener into non-negative factors; EmptyHistoryError if nothing in the history is liked."""
    user = nonnegative_fold_in(model, history)

    def find(n: int) -> NDArray[np.int32]:
        return best_rows(model.factors, model.cells, user, n)[0]

    def explain(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return vectors @ nonnegative_explain(model, history, user).T

    return FactorSource(model.factors, user, history, explain, find)


def _build(
    n_items: int, factors: NDArray[np.float32], gram: NDArray[np.float64], regularization: float
) -> NonnegativeFactors:
    width = factors.shape[1]
    if factors.shape != (n_items, width) or gram.shape != (width, width):
        raise InvalidInputError(
            f"{n_items} items, but factors and gram have the shapes {factors.shape} and {gram.shape}"
        )
    return NonnegativeFactors(factors, gram, regularization)


MEMBER = Member(
    name="parts",
    arrays={"item_factors": (np.floating, 2), "gram": (np.floating, 2)},
    values={"regularization": float},
    take_apart=lambda model: ((model.factors, model.gram), {"regularization": model.regularization}),
    build=_build,
    fold_in=nonnegative_fold_in,
    sources=(
        SourceSpec(
            "parts",
            20,
            lambda parts, _, listener: part_source(parts, listener.history),
            ladder={Step.COLLABORATIVE: 0.1},
        ),
    ),
)
