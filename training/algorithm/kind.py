"""What every algorithm is: settings that fit a scorer, and what it declares once for searches and members."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from training.measure.space import Space


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

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> Scorer:
        """Learn from float32 (n_users, n_items), weights > 0; ``progress`` is called with each stage."""


@dataclass(frozen=True, slots=True)
class AlgorithmKind:
    """A kind of recommender.

    Attributes
    ----------
    settings : callable
        The frozen dataclass of its settings.
    place : int
        Order of the kinds: quick ones come first.
    space : Space
        The ranges of the settings that are searched. All other settings keep their defaults.
    starts : tuple of dict
        Settings that a search tries after the defaults.
    blends : tuple of str
        The kinds that a blend combines if a run names none; empty for every other kind.
    member : str
        The name of the `segue.domain.model.member.Member` whose value it fits; empty where it is only
        measured.
    usual : dict, optional
        Settings of the member's default kind; None for every other kind.
    quick : tuple of dict
        Settings that a training tries without a budget; () if the kind is tried only with a budget.
    fixed : tuple of str
        Settings that a training takes from the usual ones and never searches: the size of what is served, and
        the seed.
    """

    settings: Callable[..., Algorithm]
    place: int
    space: Space
    starts: tuple[Mapping[str, Any], ...] = ()
    blends: tuple[str, ...] = ()
    member: str = ""
    usual: Mapping[str, Any] | None = None
    quick: tuple[Mapping[str, Any], ...] = ()
    fixed: tuple[str, ...] = ()

    def build(self, params: Mapping[str, Any]) -> Algorithm:
        """Build with some settings, the others at their defaults."""
        return self.settings(**params)

    def resolve(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return every setting that `build` would use."""
        built: Any = self.build(params)
        return {field.name: getattr(built, field.name) for field in dataclasses.fields(built)}
