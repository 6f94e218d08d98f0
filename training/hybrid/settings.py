"""What the fitted members of a recommender are: of each, which of several kinds, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from segue.errors import InvalidInputError
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import Ease, ItemKnn, LinkPropagation, Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.algorithm.collaborative.sparse_ease import SparseEase
from training.algorithm.registry import FAMILIES

HALF_LIFE_DAYS = 30.0
MEMBERS = ("factors", "similarity", "parts")
"""The fields of `HybridSettings` that are fitted to listeners' tracks alone."""

Factors = IalsRecommender | AlsRecommender
ItemItem = Rp3Beta | LinkPropagation | ItemKnn | Ease | SparseEase
Member = Factors | ItemItem | NmfRecommender

_KINDS: Mapping[str, tuple[str, ...]] = {
    "factors": ("ials", "als"),
    "similarity": ("rp3beta", "link-propagation", "item-knn", "ease", "sparse-ease"),
    "parts": ("nmf",),
}
"""Of each member, what it may be: names of the registry, which manifests keep."""

_OLD_NAMES: Mapping[str, str] = {
    "IalsRecommender": "ials",
    "AlsRecommender": "als",
    "Rp3Beta": "rp3beta",
    "LinkPropagation": "link-propagation",
    "ItemKnn": "item-knn",
    "Ease": "ease",
    "SparseEase": "sparse-ease",
    "NmfRecommender": "nmf",
}
"""Names of classes, which the first manifests kept, and what the registry calls them."""


@dataclass(frozen=True, slots=True)
class HybridSettings:
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
    def from_json(cls, raw: object) -> Self:
        """Return what `to_json` wrote.

        Raises
        ------
        InvalidInputError
            It is of another form, with a setting more or less, a kind that this version does not know, or a
            value of another type: read in part it would be another recipe.
        """
        usual = cls()
        given = _checked("settings", raw, {item.name: getattr(usual, item.name) for item in fields(cls)})
        members = {name: _build(name, given[name]) for name in MEMBERS}
        return cls(**{**given, **members})

    def to_json(self) -> dict[str, Any]:
        """Return every setting in plain values, of a member its kind too."""
        return {
            name: {"kind": _kind_of(name, getattr(self, name))} | value if name in MEMBERS else value
            for name, value in asdict(self).items()
        }


def _kind_of(member: str, value: Member) -> str:
    return next(kind for kind in _KINDS[member] if FAMILIES[kind].kind is type(value))


def _build(member: str, raw: object) -> Any:
    if not isinstance(raw, Mapping):
        raise InvalidInputError(f"settings.{member} is {repr(raw)[:40]}, and not an object")
    named = raw.get("kind")
    kind = _OLD_NAMES.get(named, named) if isinstance(named, str) else named
    if kind not in _KINDS[member]:
        raise InvalidInputError(f"settings.{member}.kind is {repr(named)[:40]}, which is not known")
    usual = FAMILIES[kind]
    given = {name: value for name, value in raw.items() if name != "kind"}
    return usual.build(_checked(f"settings.{member}", given, usual.resolve({})))


def _checked(where: str, raw: object, usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that have the names of the usual ones, and values of their types."""
    if not isinstance(raw, Mapping):
        raise InvalidInputError(f"{where} is {repr(raw)[:40]}, and not an object")
    if odd := sorted(raw.keys() ^ usual.keys()):
        what = "is missing" if odd[0] in usual else "is not known"
        raise InvalidInputError(f"{where}.{odd[0]} {what}")
    for name, value in usual.items():
        if isinstance(value, float | int) and not _is_like(raw[name], value):
            told = f"{where}.{name} is {repr(raw[name])[:40]}, and not of the type of {value}"
            raise InvalidInputError(told)
    return dict(raw)


def _is_like(value: object, usual: float) -> bool:
    return type(value) is type(usual) or (type(usual) is float and type(value) is int)
