"""What a model family declares once: its files, and the sources of candidates that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.candidate_source import CandidateSource
    from segue.domain.recommend.recommender import Recommender, RecommendFor

    ArrayForm = tuple[type[np.generic], int]
    """Type and number of dimensions."""

TIERS = ("free", "starter", "pro")
"""Each tier draws on the sources of the ones before it."""


class Step(StrEnum):
    """Who answered, from the strongest to what is left when nothing is known."""

    HYBRID = "hybrid"
    COLLABORATIVE = "collaborative"
    CONTENT = "content"
    GENRE = "genre"
    POPULARITY = "popularity"


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source of candidates that the ranker weighs.

    Attributes
    ----------
    name : str
        Names the ranker's column; manifests keep it.
    place : int
        Sorts the columns; a new source takes a free number.
    prepare : callable
        Takes the family's value, the recommender and the listener; returns None where the source has nothing
        to say. May raise EmptyHistoryError.
    ladder : mapping of Step to float
        The weight of the source in each step that answers without a ranker.
    tier : str
        The lowest of `TIERS` that draws on it.
    personal : bool
        The source says something of this listener.
    alike : bool
        The source finds tracks like those of a history, the same for every listener.
    similar : bool
        The source answers which tracks are similar to a track.
    """

    name: str
    place: int
    prepare: Callable[[Any, Recommender, RecommendFor], CandidateSource | None]
    ladder: Mapping[Step, float] = field(default_factory=dict)
    tier: str = TIERS[0]
    personal: bool = True
    alike: bool = True
    similar: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    """A model family that a hybrid may pin.

    Attributes
    ----------
    name : str
        Names the value in `segue.domain.recommend.recommender.Recommender.models`, and its settings in
        manifests.
    arrays : mapping of str to (type, int)
        The files ``NAME.npy``: type and number of dimensions.
    take_apart : callable
        Takes a value; returns its arrays in that order, and what ``model.json`` keeps.
    build : callable
        Takes the number of tracks, the arrays in that order, and what ``model.json`` keeps by name; returns
        the value. Raises InvalidInputError where these do not agree.
    values : mapping of str to type
        What ``model.json`` keeps: float, int, tuple (of texts), an enum of texts, or a mapping of these.
    sources : tuple of SourceSpec
    fold_in : callable, optional
        Takes a value and a history; returns the listener's vector, float32 (d,). The value then has
        ``factors``, float32 (n_items, d), the first of the arrays, and ``cells``, which find the best of many
        tracks.
    """

    name: str
    arrays: Mapping[str, ArrayForm]
    take_apart: Callable[[Any], tuple[tuple[NDArray[Any], ...], dict[str, Any]]]
    build: Callable[..., Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[SourceSpec, ...] = ()
    fold_in: Callable[[Any, History], NDArray[np.float32]] | None = None
