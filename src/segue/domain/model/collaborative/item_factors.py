"""Matrix factorisation, served: a history becomes a user vector, at once and for everyone.

The user's objective, with p_i = 1 for a liked item and 0 for a disliked one, is

    Σ_history w_i (p_i - x·y_i)² + α₀ Σ_all (x·y_i)² + λ_u |x|²,    λ_u = λ (h + α₀ n_items)^ν

of Rendle et al., "Revisiting the performance of iALS on item recommendation benchmarks" (2021), which
with ν = 0 and `Confidence.REPLACES` is that of Hu, Koren & Volinsky, "Collaborative filtering for
implicit feedback datasets" (2008). Its minimum solves (α₀ YᵀY + λ_u I + YₕᵀAYₕ) x = Yₕᵀb.

Factors are published in the eigenbasis of YᵀY. There α₀ YᵀY + λ_u I is a diagonal D for every λ_u, and
x = D⁻¹Yₕᵀz where (I + AK) z = b, K = YₕD⁻¹Yₕᵀ (Woodbury): h equations instead of d.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.factor_source import FactorSource
from segue.domain.model.member import Member, SourceSpec, Step
from segue.domain.vector.inverted_file import best_rows
from segue.errors import EmptyHistoryError, InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.vector.inverted_file import Cells


class Confidence(StrEnum):
    """What the confidence c = α r of an observed item does to the weight α₀ that every item has."""

    REPLACES = "replaces"
    """Hu et al.: the item weighs c in all, as in the package implicit."""
    ADDS = "adds"
    """Rendle et al.: it weighs c more."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What the factors were fitted to, and a user vector is: symbols as at the top of this module.

    Attributes
    ----------
    regularization : float
        λ > 0.
    frequency_exponent : float
        ν: 0 regularises everybody alike, 1 in proportion to the length of the history.
    unobserved_weight : float
        α₀ ≥ 0.
    alpha : float
        α > 0, the scale of the history's confidence.
    confidence : Confidence
    """

    regularization: float
    frequency_exponent: float = 0.0
    unobserved_weight: float = 1.0
    alpha: float = 1.0
    confidence: Confidence = Confidence.REPLACES

    def __post_init__(self) -> None:
        if self.regularization <= 0 or self.unobserved_weight < 0 or self.alpha <= 0:
            raise InvalidInputError(
                f"regularization {self.regularization} and alpha {self.alpha} must be positive, "
                f"unobserved_weight {self.unobserved_weight} not negative."
            )


@dataclass(frozen=True, slots=True)
class ItemFactors:
    """Item factors in the eigenbasis of their Gram matrix; made by `rotate`.

    Attributes
    ----------
    factors : float32 (n_items, d)
        One item per row; columns by falling share in YᵀY, which is diagonal.
    eigenvalues : float64 (d,)
        That diagonal, descending, ≥ 0.
    objective : Objective
    cells : Cells, optional
        Cells of ``factors``, if reading all factors for an answer takes too long.
    """

    factors: NDArray[np.float32]
    eigenvalues: NDArray[np.float64]
    objective: Objective
    cells: Cells | None = None


def rotate(factors: NDArray[np.float32], objective: Objective) -> ItemFactors:
    """Turn fitted factors, float32 (n_items, d), into the eigenbasis of their Gram matrix.

    Every product of vectors, so every score, stays as it is. O(n_items d² + d³), once per publishing.
    """
    exact = factors.astype(np.float64)
    eigenvalues, basis = np.linalg.eigh(exact.T @ exact)
    rotated = np.ascontiguousarray(exact @ basis[:, ::-1], np.float32)
    return ItemFactors(rotated, np.maximum(eigenvalues[::-1], 0), objective)


def fold_in(model: ItemFactors, history: History) -> NDArray[np.float32]:
    """Return the user vector of a history, float32 (d,), in O(h² d + h³), or O(h d² + d³) if h ≥ d.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked: answer with what is popular.
    """
    return FoldIn(model, history).user()


def explain(model: ItemFactors, history: History) -> NDArray[np.float64]:
    """Return what each item of the history adds to any score, float64 (h, d): S with score_j = Σ_i S_i·y_j.

    Contribution of item i to j is b_i y_jᵀ M⁻¹ y_i, with M the matrix of the fold-in (Hu, Koren &
    Volinsky 2008, eq. 7), so S_i = b_i M⁻¹ y_i. Dislikes contribute nothing of their own: they shrink
    the others' shares.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked.
    """
    return FoldIn(model, history).shares(np.eye(len(model.eigenvalues))).T


def top_items(
    model: ItemFactors, user: NDArray[np.float32], n: int, exclude: NDArray[np.int32] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the ``n`` best items for a user vector from `fold_in`, by `inverted_file.best_rows`."""
    return best_rows(model.factors, model.cells, user, n, exclude)


class FoldIn:
    """The equations of one history, made once for the user vector and for what it is made of.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked.
    """

    def __init__(self, model: ItemFactors, history: History) -> None:
        extra, self._target = _weights(model.objective, history)
        liked = model.factors.take(history.item_index, axis=0).astype(np.float64)
        diagonal = _diagonal(model, len(history))
        self._few = len(history) < len(diagonal)
        # A @ A.T is symmetric, which BLAS knows to do in half the time: so both factors carry D^-½, or A^½.
        self._root = np.sqrt(diagonal)
        if self._few:
            self._liked = liked / self._root
            self._system = np.eye(len(history)) + extra[:, None] * (self._liked @ self._liked.T)
        else:
            self._liked = liked
            half = liked * np.sqrt(np.abs(extra))[:, None]
            less = half[extra < 0]  # an item that counts less than what nobody observed
            self._system = np.diag(diagonal) + half.T @ half - 2 * (less.T @ less)

    def user(self) -> NDArray[np.float32]:
        """Return the user vector, float32 (d,): see `fold_in`."""
        if self._few:
            solved = np.linalg.solve(self._system, self._target)
            return np.asarray(self._liked.T @ solved / self._root, np.float32)
        return np.asarray(np.linalg.solve(self._system, self._liked.T @ self._target), np.float32)

    def shares(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Split scores, of factors float64 (m, d), over the history, float64 (m, h): see `explain`."""
        if self._few:
            solved = np.linalg.solve(self._system.T, self._liked @ (vectors / self._root).T)
        else:
            solved = self._liked @ np.linalg.solve(self._system, vectors.T)
        return np.asarray((self._target[:, None] * solved).T, np.float64)


def _weights(objective: Objective, history: History) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # A, what an observed item weighs beyond the alpha0 that all have, and b, its pull towards 1.
    if not (history.confidence > 0).any():
        raise EmptyHistoryError
    confidence = objective.alpha * history.confidence.astype(np.float64)
    weight = np.abs(confidence)
    replaces = objective.confidence is Confidence.REPLACES
    extra = weight - objective.unobserved_weight if replaces else weight
    return extra, np.maximum(confidence, 0)


def _diagonal(model: ItemFactors, history_length: int) -> NDArray[np.float64]:
    objective, n_items = model.objective, len(model.factors)
    frequency = history_length + objective.unobserved_weight * n_items
    scale = frequency**objective.frequency_exponent
    diagonal: NDArray[np.float64] = (
        objective.unobserved_weight * model.eigenvalues + objective.regularization * scale
    )
    return diagonal


def factor_source(model: ItemFactors, history: History) -> FactorSource:
    """Fold a listener into matrix factorisation; EmptyHistoryError if nothing in the history is liked."""
    folded = FoldIn(model, history)
    user = folded.user()

    def find(n: int) -> NDArray[np.int32]:
        return top_items(model, user, n)[0]

    return FactorSource(model.factors, user, history, folded.shares, find)


def _build(
    n_items: int, factors: NDArray[np.float32], eigenvalues: NDArray[np.float64], objective: dict[str, Any]
) -> ItemFactors:
    if factors.shape != (n_items, len(eigenvalues)):
        raise InvalidInputError(
            f"{n_items} items, but factors and eigenvalues have the shapes {factors.shape} and "
            f"{eigenvalues.shape}"
        )
    return ItemFactors(factors, eigenvalues, Objective(**objective))


MEMBER = Member(
    name="factors",
    arrays={"item_factors": (np.floating, 2), "eigenvalues": (np.floating, 1)},
    values={
        "objective": {
            "regularization": float,
            "frequency_exponent": float,
            "unobserved_weight": float,
            "alpha": float,
            "confidence": Confidence,
        }
    },
    take_apart=lambda model: (
        (model.factors, model.eigenvalues),
        {"objective": asdict(model.objective)},
    ),
    build=_build,
    fold_in=fold_in,
    sources=(
        SourceSpec(
            "factors",
            10,
            lambda factors, _, listener: factor_source(factors, listener.history),
            ladder={Step.COLLABORATIVE: 1.0},
        ),
    ),
)
