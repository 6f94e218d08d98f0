"""The variants: which features tracks are clustered by, and how these become a vector."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.artifacts import family
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable


LEAST_TRACKS = 20
"""Fewer tracks have no clusters worth the name."""


class FeatureSource(StrEnum):
    """Where features come from."""

    AUDIO = "audio"
    LOW_LEVEL = "low_level"
    LYRICS = "lyrics"


class Scaling(StrEnum):
    """How features are made comparable."""

    RANGE = "range"
    """The least value becomes 0, the greatest 1."""
    DEVIATION = "deviation"
    """Mean 0, standard deviation 1."""


@dataclass(frozen=True, slots=True)
class ClusterVariant:
    """One way to see tracks.

    Attributes
    ----------
    name : str
    tables : tuple of FeatureSource
        A track has to be in every one of them.
    scaling : Scaling
    n_components : int or None
        Principal components that are kept; None keeps every feature as it is.
    """

    name: str
    tables: tuple[FeatureSource, ...]
    scaling: Scaling
    n_components: int | None = None


_ALL = (
    ClusterVariant("naive_features", (FeatureSource.AUDIO,), Scaling.RANGE),
    ClusterVariant("pca_features", (FeatureSource.AUDIO,), Scaling.DEVIATION, 6),
    ClusterVariant("combined_features", (FeatureSource.AUDIO, FeatureSource.LOW_LEVEL), Scaling.DEVIATION),
    ClusterVariant("llav_features", (FeatureSource.LOW_LEVEL,), Scaling.DEVIATION),
    ClusterVariant("llav_pca", (FeatureSource.LOW_LEVEL,), Scaling.DEVIATION, 60),
    ClusterVariant("lyrics_features", (FeatureSource.LYRICS,), Scaling.DEVIATION),
)
VARIANTS = {variant.name: variant for variant in _ALL}

if tuple(VARIANTS) != family.VARIANTS:  # two lists that drift apart would leave a variant that nobody serves
    raise RuntimeError(f"variants {tuple(VARIANTS)} are not those of segue.artifacts.family")


def choose_variants(names: Iterable[str]) -> tuple[ClusterVariant, ...]:
    """Return the variants of some names, all of them for none.

    Raises
    ------
    InvalidInputError
        There is no such variant; the message names those there are.
    """
    wanted = list(names) or list(VARIANTS)
    if unknown := [name for name in wanted if name not in VARIANTS]:
        raise InvalidInputError(f"{unknown[0]!r} is no variant: choose of {', '.join(VARIANTS)}.")
    return tuple(variant for variant in _ALL if variant.name in wanted)
