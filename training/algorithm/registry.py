"""The recommenders by name, each with the space that its hyper-parameters are chosen from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.algorithm.blend import BlendRecommender
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.graph_filter import GraphFilter
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import Ease, ItemKnn, LinkPropagation, Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.algorithm.collaborative.sparse_ease import SparseEase
from training.algorithm.popularity.plays import PopularityRecommender
from training.measure.space import Choice, Range

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training.algorithm.protocol import Algorithm
    from training.measure.space import Space


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
        Settings that a search tries after the defaults.
    members : tuple of str
        Of a blend, the families that it is made of where a run names none; others have none.
    """

    kind: Callable[..., Algorithm]
    space: Space
    starts: tuple[Mapping[str, Any], ...] = ()
    members: tuple[str, ...] = ()

    def build(self, params: Mapping[str, Any]) -> Algorithm:
        """Build with some settings, the others at their defaults."""
        return self.kind(**params)

    def resolve(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return every setting that `build` would use."""
        built: Any = self.build(params)
        return {field.name: getattr(built, field.name) for field in dataclasses.fields(built)}


_NEIGHBOURS = Range(50, 2000, log=True, whole=True)

FAMILIES: dict[str, Family] = {
    "popularity": Family(PopularityRecommender, {}),
    "rp3beta": Family(
        Rp3Beta, {"alpha": Range(0.3, 1.6), "beta": Range(0.0, 1.0), "n_neighbours": _NEIGHBOURS}
    ),
    "link-propagation": Family(
        LinkPropagation,
        {
            "from_exponent": Range(0.0, 1.0),
            "through_exponent": Range(0.0, 1.2),
            "to_exponent": Range(0.0, 1.0),
            "n_neighbours": _NEIGHBOURS,
        },
    ),
    "ease": Family(
        Ease,
        {
            "regularization": Range(1, 10_000, log=True),
            "frequency_exponent": Range(0.0, 1.0),
            "n_neighbours": _NEIGHBOURS,
        },
    ),
    "sparse-ease": Family(
        SparseEase,
        {
            "regularization": Range(1, 10_000, log=True),
            "frequency_exponent": Range(0.0, 1.0),
            "n_neighbours": Range(50, 1000, log=True, whole=True),
        },
    ),
    "graph-filter": Family(
        GraphFilter,
        {
            "from_exponent": Range(0.0, 1.0),
            "through_exponent": Range(0.0, 1.2),
            "to_exponent": Range(0.0, 1.0),
            "sharpening": Range(0.0, 1.2),
            "n_neighbours": _NEIGHBOURS,
        },
    ),
    "item-knn": Family(ItemKnn, {"shrinkage": Range(0.1, 1000, log=True), "n_neighbours": _NEIGHBOURS}),
    "ials": Family(
        IalsRecommender,
        {
            "n_factors": Choice((128, 256, 512, 1024)),
            "ridge": Range(0.5, 50, log=True),
            "unobserved_weight": Range(0.003, 0.3, log=True),
            "n_sweeps": Choice((4, 8, 16)),
        },
        # A coarse grid at few dimensions, whose best is rarely far from the best at many.
        starts=tuple(
            {"n_factors": 128, "ridge": ridge, "unobserved_weight": weight}
            for ridge in (2.0, 8.0)
            for weight in (0.02, 0.1)
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
    "nmf": Family(
        NmfRecommender,
        {"n_factors": Choice((20, 40, 80)), "regularization": Range(1e-6, 1e-2, log=True)},
    ),
    "blend": Family(BlendRecommender, {}, members=("link-propagation", "ials")),
}
"""Every recommender that is measured; of a setting without a place here the default holds."""
