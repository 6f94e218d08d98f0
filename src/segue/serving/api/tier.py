"""The four tiers of API keys and their features; each tier includes those of the tiers before."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from segue.errors import TierError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tier(StrEnum):
    """The tiers, from the lowest to the highest."""

    FREE = "free"
    STARTER = "starter"
    PRO = "pro"
    ENTERPRISE = "enterprise"

    @property
    def draws_as(self) -> Tier:
        """Return the tier whose models answer; models are fitted for tiers up to pro."""
        return min(self, Tier.PRO, key=_RANK.__getitem__)


class Feature(StrEnum):
    """Features that a tier may include."""

    POPULARITY = "popularity"
    COLLABORATIVE = "collaborative"
    GENRE = "genre"
    CONTENT = "content"
    CLUSTERS = "clusters"
    HYBRID = "hybrid"
    FRIENDS = "friends"
    DAILY_MIX = "daily_mix"
    NEURAL = "neural"
    DEEP_HYBRID = "deep_hybrid"
    TASTE_PROFILE = "taste_profile"


NEEDS: Mapping[Feature, Tier] = {
    Feature.POPULARITY: Tier.FREE,
    Feature.COLLABORATIVE: Tier.FREE,
    Feature.GENRE: Tier.FREE,
    Feature.CONTENT: Tier.STARTER,
    Feature.CLUSTERS: Tier.STARTER,
    Feature.HYBRID: Tier.STARTER,
    Feature.FRIENDS: Tier.STARTER,
    Feature.DAILY_MIX: Tier.STARTER,
    Feature.NEURAL: Tier.PRO,
    Feature.DEEP_HYBRID: Tier.PRO,
    Feature.TASTE_PROFILE: Tier.PRO,
}
"""The lowest tier that includes each feature."""

_RANK = {tier: rank for rank, tier in enumerate(Tier)}


def opens(tier: Tier) -> frozenset[Feature]:
    """Return all features of a tier."""
    return frozenset(feature for feature, needed in NEEDS.items() if _RANK[needed] <= _RANK[tier])


def require(caller: Tier, needed: Tier | Feature) -> None:
    """Check that the caller has at least the tier, or a tier that includes the feature.

    Raises
    ------
    TierError
        The caller's tier is too low.
    """
    tier = NEEDS[needed] if isinstance(needed, Feature) else needed
    if _RANK[caller] < _RANK[tier]:
        what = f"{needed} needs" if isinstance(needed, Feature) else "This needs"
        raise TierError(
            f"{what} the tier {tier}, yours is {caller}: ask for less, or use a key of the tier {tier}."
        )
