"""What the fitted members of a recommender are: of each, which of several kinds, and its settings."""

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
"""Of each member that is fitted to listeners' tracks alone, the kind that it is by default."""

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
    """What every member is.

    Attributes
    ----------
    members : mapping of str to Algorithm
        The algorithm of each member that is fitted to listeners' tracks alone, by the member's name.
    half_life_days : float
        Of what is trending.
    seed : int
        Of every draw.
    """

    members: Mapping[str, Algorithm]
    half_life_days: float = HALF_LIFE_DAYS
    seed: int = 17

    @classmethod
    def of(cls, n_factors: int = 64, seed: int = 17, **members: Algorithm) -> Self:
        """Return the defaults with so many factors and this seed throughout, and some members given."""
        asked = {"n_factors": n_factors, "seed": seed}
        usual = {name: kind.build(_asked(kind, asked)) for name, kind in _USUAL.items()}
        return cls({**usual, **members}, seed=seed)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Return what `to_json` wrote; a member that it does not name is none of that recipe.

        Raises
        ------
        InvalidInputError
            It is of another form, with a setting more or less, a kind that this version does not know, or a
            value of another type: read in part it would be another recipe.
        """
        usual = cls.of()
        values = {"half_life_days": usual.half_life_days, "seed": usual.seed}
        named = [name for name in _USUAL if isinstance(raw, Mapping) and name in raw]
        given = _checked("settings", raw, {**values, **dict.fromkeys(named)})
        members = {name: _build(name, given[name]) for name in named}
        return cls(members, given["half_life_days"], given["seed"])

    def to_json(self) -> dict[str, Any]:
        """Return every setting in plain values, of a member its kind too."""
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
    """Return a kind's usual settings; of what is asked, the seed, and the factors where they are usual."""
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
