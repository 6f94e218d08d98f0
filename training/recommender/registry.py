"""The recommenders by name, each with the space that its hyper-parameters are chosen from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.ranking.space import Choice, Range
from training.recommender.als import AlsRecommender
from training.recommender.ials import IalsRecommender
from training.recommender.linear import Ease, ItemKnn, Rp3Beta
from training.recommender.popularity import PopularityRecommender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training.ranking.space import Space
    from training.recommender.protocol import Recommender


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of recommender.

    Attributes
    ----------
    kind : callable
        The frozen dataclass of its settings.
    space : Space
        Where those may lie that are chosen.
    starts : tuple of dict
        Settings that were good elsewhere; a search tries them after the defaults.
    """

    kind: Callable[..., Recommender]
    space: Space
    starts: tuple[Mapping[str, Any], ...] = ()

    def build(self, params: Mapping[str, Any]) -> Recommender:
        """Build with some settings, the others at their defaults."""
        return self.kind(**params)

    def resolve(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return every setting that `build` would use."""
        built: Any = self.build(params)
        return {field.name: getattr(built, field.name) for field in dataclasses.fields(built)}


FAMILIES: dict[str, Family] = {
    "popularity": Family(PopularityRecommender, {}),
    "rp3beta": Family(
        Rp3Beta,
        {
            "alpha": Range(0.3, 1.6),
            "beta": Range(0.0, 1.0),
            "n_neighbours": Range(20, 1000, log=True, whole=True),
        },
    ),
    "ease": Family(Ease, {"regularization": Range(1, 10_000, log=True)}),
    "item-knn": Family(
        ItemKnn,
        {
            "shrinkage": Range(0.1, 1000, log=True),
            "n_neighbours": Range(20, 1000, log=True, whole=True),
        },
    ),
    "ials": Family(
        IalsRecommender,
        {
            "n_factors": Choice((64, 128, 256, 512)),
            "regularization": Range(1e-3, 0.1, log=True),
            "unobserved_weight": Range(0.01, 0.5, log=True),
            "n_sweeps": Choice((8, 16)),
        },
        starts=(
            {"n_factors": 128, "regularization": 0.0067, "unobserved_weight": 0.1, "n_sweeps": 8},
            {"n_factors": 256, "regularization": 0.0067, "unobserved_weight": 0.1, "n_sweeps": 8},
        ),
    ),
    "als": Family(
        AlsRecommender,
        {
            "n_factors": Choice((32, 64, 128)),
            "regularization": Range(0.01, 100, log=True),
            "alpha": Range(1, 100, log=True),
        },
    ),
}
"""Every recommender that is measured; of a setting without a place here the default holds."""
