"""Every model family and every source of candidates, as their modules declare them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from segue.domain.model import MODULES
from segue.domain.model.genre_taste import SOURCE as GENRE
from segue.domain.model.member import TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.domain.model.member import Member

MEMBERS: Mapping[str, Member] = {family: import_module(module).MEMBER for family, module in MODULES.items()}
"""What each family declares, by the family's name."""

_SPECS = [("", GENRE), *((each.name, spec) for each in MEMBERS.values() for spec in each.sources)]

SPECS = tuple(sorted(_SPECS, key=lambda each: each[1].place))
"""The member of every source, which is empty where the catalogue suffices, and the source."""

SOURCES = tuple(spec.name for _, spec in SPECS)
"""Every source that the ranker weighs, in the order of its columns."""

TIER_SOURCES: Mapping[str, frozenset[str]] = {
    tier: frozenset(spec.name for _, spec in SPECS if spec.tier in TIERS[: place + 1])
    for place, tier in enumerate(TIERS)
}
"""The sources that each tier draws on."""
