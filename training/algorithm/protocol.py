"""What every recommender is: settings that fit a scorer, and a scorer that ranks the whole catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


class Scorer(Protocol):
    """A fitted recommender. Whoever is scored is known by their history alone, in training or not."""

    @property
    def model(self) -> Any:
        """The domain value that functions serve; publish this."""

    def scores(self, histories: csr_matrix) -> NDArray[np.float32]:
        """Score every item for every history, as the domain's function does one by one.

        Parameters
        ----------
        histories : csr_matrix float32 (b, n_items)
            One user per row; weights > 0 as in the interactions that were fitted.

        Returns
        -------
        float32 (b, n_items)
            Greater is better; seen items are scored like others, to mask them is the caller's business.
            A row without interactions scores 0 throughout, except by popularity.
        """


class Algorithm(Protocol):
    """The settings of one model, a frozen dataclass; `fit` changes nothing in it."""

    def fit(self, interactions: csr_matrix, step: Callable[[str], None]) -> Scorer:
        """Learn from float32 (n_users, n_items), weights > 0; ``step`` is told each stage as it begins."""
