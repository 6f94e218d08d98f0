"""The kind and the settings of each fitted member of a recommender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from segue.errors import InvalidInputError
from training.algorithm.registry import KINDS

if TYPE_CHECKING:
    from training.algorithm.kind import Algorithm, AlgorithmKind

HALF_LIFE_DAYS = 30.0

_USUAL = {kind.member: kind for kind in KINDS.values() if kind.usual is not None}
"""The default kind of each member that is fitted only to listeners' tracks."""

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
"""Class names in the first manifests, and the names of these kinds in the registry."""


@dataclass(frozen=True, slots=True)
class HybridSettings:
    """The settings of every member.

    Attributes
    ----------
    members : mapping of str to Algorithm
        The algorithm of each member that is fitted only to listeners' tracks, by the member's name.
    half_life_days : float
        Half-life of an event's weight in the trends.
    seed : int
        Seed of all random numbers.
    """

    members: Mapping[str, Algorithm]
    half_life_days: float = HALF_LIFE_DAYS
    seed: int = 17

    @classmethod
    def of(cls, n_factors: int = 64, seed: int = 17, **members: Algorithm) -> Self:
        """Return the defaults with this number of factors, this seed and the given members."""
        asked = {"n_factors": n_factors, "seed": seed}
        usual = {name: kind.build(_asked(kind, asked)) for name, kind in _USUAL.items()}
        return cls({**usual, **members}, seed=seed)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Read the output of `to_json`. The result has only the members that the output names.

        Raises
        ------
        InvalidInputError
            The form differs: a setting is missing or unknown, this version does not know a kind, or a value
            has another type. A partial result would be another recipe.
        """
        usual = cls.of()
        values = {"half_life_days": usual.half_life_days, "seed": usual.seed}
        named = [name for name in _USUAL if isinstance(raw, Mapping) and name in raw]
        given = _checked("settings", raw, {**values, **dict.fromkeys(named)})
        members = {name: _build(name, given[name]) for name in named}
        return cls(members, given["half_life_days"], given["seed"])

    def to_json(self) -> dict[str, Any]:
        """Return all settings as plain values, with the kind of each member."""
        members = {
            name: {"kind": kind} | asdict(value)  # type: ignore[call-overload]
            for name, value in self.members.items()
            for kind, known in kinds_of(name).items()
            if known.settings is type(value)
        }
        return members | {"half_life_days": self.half_life_days, "seed": self.seed}


def kinds_of(member: str) -> dict[str, AlgorithmKind]:
    """Return the kinds that a member may be, by their names."""
    return {name: kind for name, kind in KINDS.items() if kind.member == member}


def _asked(kind: AlgorithmKind, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind's usual settings, with the requested seed, and the requested factors if it has any."""
    usual = {**(kind.usual or {})}
    names = {"seed"} & kind.resolve({}).keys() | usual.keys() & asked.keys()
    return usual | {name: asked[name] for name in names}


def _build(member: str, raw: object) -> Any:
    if not isinstance(raw, Mapping):
        raise InvalidInputError(f"settings.{member} is {repr(raw)[:40]}, and not an object")
    named = raw.get("kind")
    kind = _OLD_NAMES.get(named, named) if isinstance(named, str) else named
    if not isinstance(kind, str) or kind not in kinds_of(member):
        raise InvalidInputError(f"settings.{member}.kind is {repr(named)[:40]}, which is not known")
    usual = KINDS[kind]
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
        fitting = (float, int) if type(value) is float else (type(value),)
        if isinstance(value, float | int) and type(raw[name]) not in fitting:
            found = f"{where}.{name} is {repr(raw[name])[:40]}"
            raise InvalidInputError(f"{found}, and not of the type of {value}")
    return dict(raw)
