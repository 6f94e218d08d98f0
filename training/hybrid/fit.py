"""Fit every member of a recommender to the same interactions."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.event import weight_of
from segue.domain.model.popularity.popularity import Membership, build_popularity, count_events, decay_events
from segue.domain.model.registry import MEMBERS
from segue.domain.recommend.recommender import build_recommender
from training.algorithm.content.fit import fit_content
from training.algorithm.content.rules import fit_rules
from training.algorithm.content.weighting import divide_listening
from training.algorithm.popularity.social import build_social
from training.hybrid.data.split import damped_matrix, only_liked, take
from training.release.finite import NOT_FITTED, check_finite, fit_finite, solving

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.friends import Friends
    from segue.domain.listening.interactions import Interactions
    from segue.domain.model.content.content import Content
    from segue.domain.model.content.rules import MoodRules
    from segue.domain.model.popularity.popularity import Popularity
    from segue.domain.recommend.recommender import Recommender
    from training.algorithm.content.fit import ContentRecord
    from training.hybrid.settings import HybridSettings

logger = logging.getLogger("segue.train")

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a recommender is trained on."""

    catalogue: Catalogue
    interactions: Interactions
    friends: Friends


@dataclass(frozen=True, slots=True)
class Fixed:
    """Members that hardly change with the events, fitted once: what the tracks are, and how they sound."""

    content: Content
    content_record: ContentRecord
    rules: MoodRules


def fit_fixed(data: Dataset, kept: NDArray[np.bool_], seed: int, progress: Callable[[str], None]) -> Fixed:
    """Fit content and rules to the catalogue, and their weights to some of the events."""
    events = take(data.interactions, kept)
    listening = divide_listening(events, data.catalogue, seed)
    with solving("features"):
        content, record = fit_content(data.catalogue, listening, progress=progress)
    check_finite(content, "features")
    progress("how situations change what is played")
    return Fixed(content, record, fit_rules(data.catalogue, events))


def fit_members(
    data: Dataset,
    kept: NDArray[np.bool_],
    fixed: Fixed,
    settings: HybridSettings,
    progress: Callable[[str], None],
) -> Recommender:
    """Fit all members to some of the events; the ranker is still missing.

    One that cannot be fitted is left out, and `Recommender.missing` says why.

    Parameters
    ----------
    data : Dataset
    kept : bool (n_events,)
        The events to learn from.
    fixed : Fixed
    settings : HybridSettings
    progress : callable
        Called with each stage as it begins.
    """
    liked = only_liked(damped_matrix(data.interactions, data.catalogue, kept))
    progress("popularity")
    popularity = fit_popularity(data, kept, settings.half_life_days)
    fitted: dict[str, Any] = {}
    missing: dict[str, str] = {}
    family_of = {member.name: family for family, member in MEMBERS.items()}
    for name, algorithm in settings.members.items():
        try:
            fitted[name] = fit_finite(algorithm, liked, progress).model
        except NOT_FITTED as error:
            missing[family_of[name]] = str(error)
            logger.warning("%s is left out: %s", family_of[name], error)
    return build_recommender(
        data.catalogue,
        popularity=popularity,
        content=fixed.content,
        rules=fixed.rules,
        social=build_social(data.friends, take(data.interactions, kept), data.catalogue.vocabulary),
        missing=missing,
        **fitted,
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
