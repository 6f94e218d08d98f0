"""What the wishes of a request weigh, next to the sources that a ranker has weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.content.rules import MoodSource
from segue.domain.model.popularity.social import SocialSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.domain.model.candidate_source import CandidateSource
    from segue.domain.recommend.recommender import RecommendFor

MOOD = "mood"
MOOD_WEIGHT = 1.0
"""What a mood or situation that was asked for weighs, next to all sources together."""

SOUND = "sound"
SOUND_WEIGHT = 2.0
"""What seeds of audio features weigh, next to all sources together: they are what was asked for."""

FRIENDS_WEIGHT = 0.5
"""What friends that were named weigh at least, next to all other sources together; 1 for a stranger."""


def with_friends(
    weights: dict[str, float], sources: Mapping[str, CandidateSource], listener: RecommendFor
) -> dict[str, float]:
    """Raise the weight of friends who are named, or who are all that is known of a listener."""
    # The learnt weight is that of friends nobody named, next to a history of the listener's own.
    social = sources.get("social")
    named = isinstance(social, SocialSource) and len(set(listener.friends)) > social.n_unknown
    if social is not None and (named or not len(listener.history)):
        share = FRIENDS_WEIGHT if len(listener.history) else 1.0
        weights["social"] = max(weights.get("social", 0.0), share * (sum(weights.values()) or 1.0))
    return weights


def with_asked(weights: dict[str, float], sources: Mapping[str, CandidateSource]) -> dict[str, float]:
    """Add the weights of a mood, a situation and seeds of audio features."""
    others = sum(weights.values()) or 1.0
    if isinstance(asked := sources.get(MOOD), MoodSource):
        # A situation that changes little what is played must change little of the answer.
        strength = float(np.abs(asked.mood + asked.situation).sum())
        weights[MOOD] = MOOD_WEIGHT * strength * others
    if SOUND in sources:
        weights[SOUND] = SOUND_WEIGHT * others
    return weights
