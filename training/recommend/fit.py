"""Fit every member of a recommender to the same interactions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from segue.domain.event import weight_of
from segue.domain.popularity import Membership, build_popularity, count_events, decay_events
from segue.domain.recommender import build_recommender
from segue.domain.vocabulary import UNKNOWN_ITEM
from training.content.fit import fit_content
from training.content.weighting import divide_listening
from training.recommend.split import damped_matrix, only_liked, take
from training.recommender.ials import IalsRecommender
from training.recommender.linear import Rp3Beta
from training.recommender.nmf import NmfRecommender
from training.rules import fit_rules
from training.social import build_social

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from segue.domain.catalogue import Catalogue
    from segue.domain.content import Content
    from segue.domain.friends import Friends
    from segue.domain.interactions import Interactions
    from segue.domain.popularity import Popularity
    from segue.domain.recommender import Recommender
    from segue.domain.rules import Rules
    from training.content.fit import ContentRecord

HALF_LIFE_DAYS = 30.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a recommender is trained on."""

    catalogue: Catalogue
    interactions: Interactions
    friends: Friends


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the members, one value each.

    Attributes
    ----------
    factors : IalsRecommender
    similarity : Rp3Beta
    parts : NmfRecommender
    half_life_days : float
        Of what is trending.
    seed : int
        Of every draw.
    """

    factors: IalsRecommender = field(default_factory=lambda: IalsRecommender(n_factors=64))
    similarity: Rp3Beta = field(default_factory=lambda: Rp3Beta(n_neighbours=75))
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
        return cls(
            factors=IalsRecommender(**raw["factors"]),
            similarity=Rp3Beta(**raw["similarity"]),
            parts=NmfRecommender(**raw["parts"]),
            half_life_days=raw["half_life_days"],
            seed=raw["seed"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return every setting in plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Members that hardly change with the events, fitted once: what the tracks are, and how they sound."""

    content: Content
    content_record: ContentRecord
    rules: Rules


def fit_fixed(data: Dataset, kept: NDArray[np.bool_], seed: int, step: Callable[[str], None]) -> Fixed:
    """Fit content and rules to the catalogue, and their weights to some of the events."""
    events = take(data.interactions, kept)
    content, record = fit_content(data.catalogue, divide_listening(events, data.catalogue, seed), say=step)
    step("how situations change what is played")
    return Fixed(content, record, fit_rules(data.catalogue, events))


def fit_members(
    data: Dataset, kept: NDArray[np.bool_], fixed: Fixed, settings: Settings, step: Callable[[str], None]
) -> Recommender:
    """Fit all members to some of the events; the ranker is still missing.

    Parameters
    ----------
    data : Dataset
    kept : bool (n_events,)
        The events to learn from.
    fixed : Fixed
    settings : Settings
    step : callable
        Told each stage as it begins.
    """
    liked = only_liked(damped_matrix(data.interactions, data.catalogue, kept))
    step("popularity")
    popularity = fit_popularity(data, kept, settings.half_life_days)
    factors = settings.factors.fit(liked, step).model
    similarity = settings.similarity.fit(liked, step).model
    parts = settings.parts.fit(liked, step).model
    return build_recommender(
        data.catalogue,
        popularity=popularity,
        factors=factors,
        parts=parts,
        similarity=similarity,
        content=fixed.content,
        rules=fixed.rules,
        social=build_social(data.friends, take(data.interactions, kept), data.catalogue.vocabulary),
    )


def fit_popularity(data: Dataset, kept: NDArray[np.bool_], half_life_days: float) -> Popularity:
    """Count the listeners of every track, and add its recent events up by age at the last of them."""
    catalogue, interactions = data.catalogue, data.interactions
    item = catalogue.vocabulary.index_of(interactions.items.item_id.tolist())[interactions.item_index]
    weight = weight_of(interactions.kind, interactions.ms_played) * interactions.count
    kept = kept & (item != UNKNOWN_ITEM) & (weight > 0)
    n_items = len(catalogue)
    pair = np.unique(interactions.user_index[kept].astype(np.int64) * n_items + item[kept])
    listeners = count_events((pair % n_items).astype(np.int32), n_items)
    genres = Membership(
        np.repeat(np.arange(n_items, dtype=np.int32), np.diff(catalogue.genres.start)),
        catalogue.genres.label_index,
    )
    timed = kept & ~np.isnat(interactions.at)
    if not timed.any():
        return build_popularity(listeners, genres=genres)
    at = interactions.at[timed].astype(np.int64)
    age_s = (at.max() - at).astype(np.float64)
    recent = decay_events(item[timed], age_s, n_items, half_life_days * _DAY_S)
    return build_popularity(listeners, recent, genres)
