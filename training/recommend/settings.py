"""What the fitted members of a recommender are: of each, which of several kinds, and its settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from training.recommender.als import AlsRecommender
from training.recommender.ials import IalsRecommender
from training.recommender.linear import Ease, ItemKnn, LinkPropagation, Rp3Beta
from training.recommender.nmf import NmfRecommender
from training.recommender.sparse_ease import SparseEase

if TYPE_CHECKING:
    from collections.abc import Mapping

HALF_LIFE_DAYS = 30.0
MEMBERS = ("factors", "similarity", "parts")
"""The fields of `Settings` that are fitted to listeners' tracks alone."""

Factors = IalsRecommender | AlsRecommender
ItemItem = Rp3Beta | LinkPropagation | ItemKnn | Ease | SparseEase
Member = Factors | ItemItem | NmfRecommender

_KINDS: Mapping[str, type[Member]] = {
    kind.__name__: kind
    for kind in (
        IalsRecommender, AlsRecommender, Rp3Beta, LinkPropagation, ItemKnn, Ease, SparseEase, NmfRecommender,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the members, one value each.

    Attributes
    ----------
    factors : IalsRecommender or AlsRecommender
    similarity : Rp3Beta, LinkPropagation, ItemKnn, Ease or SparseEase
    parts : NmfRecommender
    half_life_days : float
        Of what is trending.
    seed : int
        Of every draw.
    """

    factors: Factors = field(default_factory=lambda: IalsRecommender(n_factors=64))
    similarity: ItemItem = field(default_factory=lambda: Rp3Beta(n_neighbours=75))
    parts: NmfRecommender = field(default_factory=lambda: NmfRecommender(n_sweeps=50))
    half_life_days: float = HALF_LIFE_DAYS
    seed: int = 17

    @classmethod
    def of(cls, n_factors: int, seed: int) -> Self:
        """Return the defaults with so many factors and this seed throughout."""
        return cls(
            factors=IalsRecommender(n_factors=n_factors, seed=seed),
            parts=NmfRecommender(n_sweeps=50, seed=seed),
            seed=seed,
        )

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; TypeError or KeyError if it was another version's."""
        members = {name: _build(**raw[name]) for name in MEMBERS}
        return cls(**members, half_life_days=raw["half_life_days"], seed=raw["seed"])

    def to_json(self) -> dict[str, Any]:
        """Return every setting in plain values, of a member its kind too."""
        kinds = {name: {"kind": type(getattr(self, name)).__name__} for name in MEMBERS}
        return {
            name: kinds.get(name, {}) | value if name in kinds else value
            for name, value in asdict(self).items()
        }


def _build(kind: str, **settings: Any) -> Any:
    return _KINDS[kind](**settings)
