"""Tiers: what each opens, and who the caller is."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from typing import Annotated

import pytest

from segue.errors import ConfigError, TierError
from segue.serving.api.http import caller_tier, http_api
from segue.serving.api.tier import NEEDS, Feature, Tier, opens, require
from segue.serving.settings.environment import TierSettings
from tests.unit.serving.api.test_http import call

FREE, STARTER, PRO, ENTERPRISE = Tier
CallerTier = Annotated[Tier, caller_tier(TierSettings({"k1": PRO}, STARTER))]


def test_each_tier_opens_what_the_one_before_does_and_more() -> None:
    assert opens(FREE) == {"popularity", "collaborative", "genre"}
    assert opens(STARTER) - opens(FREE) == {"content", "clusters", "hybrid", "friends", "daily_mix"}
    assert opens(PRO) - opens(STARTER) == {"neural", "deep_hybrid", "taste_profile"}
    assert opens(FREE) < opens(STARTER) < opens(PRO) == opens(ENTERPRISE) == set(Feature) == NEEDS.keys()


@pytest.mark.parametrize(("needed", "caller"), list(combinations_with_replacement(Tier, 2)))
def test_a_tier_may_ask_for_itself_and_for_less(needed: Tier, caller: Tier) -> None:
    require(caller, needed)


@pytest.mark.parametrize(("caller", "needed"), list(combinations(Tier, 2)))
def test_nobody_may_ask_for_more_and_is_told_what_it_takes(caller: Tier, needed: Tier) -> None:
    with pytest.raises(TierError, match=f"needs the tier {needed}, yours is {caller}"):
        require(caller, needed)


def test_a_feature_stands_for_the_tier_that_opens_it() -> None:
    require(STARTER, Feature.CONTENT)
    with pytest.raises(TierError, match=r"^daily_mix needs the tier starter, yours is free"):
        require(FREE, Feature.DAILY_MIX)


def test_keys_are_read_from_the_settings() -> None:
    found = TierSettings.from_environment(
        {"SEGUE_KEY_TIERS": "k1=pro, k2 = starter,", "SEGUE_DEFAULT_TIER": "starter"}
    )
    assert (found.of_key, found.default) == ({"k1": PRO, "k2": STARTER}, STARTER)
    assert TierSettings.from_environment({}) == TierSettings({}, FREE)
    assert (found.highest, TierSettings({}, FREE).highest, TierSettings({"k": FREE}, ENTERPRISE).highest) == (
        PRO,
        FREE,
        ENTERPRISE,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SEGUE_KEY_TIERS", "k1"),
        ("SEGUE_KEY_TIERS", "=pro"),
        ("SEGUE_KEY_TIERS", "k1=pro=free"),
        ("SEGUE_KEY_TIERS", "k1=gold"),
        ("SEGUE_DEFAULT_TIER", "gold"),
    ],
)
def test_a_wrong_setting_names_itself(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: "):
        TierSettings.from_environment({variable: value})


API = http_api("test")


@API.post("/x")
def open_pro(tier: CallerTier) -> dict[str, str]:
    require(tier, PRO)
    return {"tier": tier}


def test_the_caller_is_the_key_that_api_gateway_checked() -> None:
    assert call(API, key_id="k1")[:2] == (200, {"tier": "pro"})


@pytest.mark.parametrize("key_id", ["k2", "", None])
def test_another_key_or_none_has_the_default(key_id: str | None) -> None:
    status, body, _ = call(API, key_id=key_id)
    assert (status, body["code"]) == (403, "tier")
    assert "needs the tier pro, yours is starter" in body["detail"]


def test_no_header_makes_a_caller_more() -> None:
    assert call(API, headers={"x-api-key": "k1", "apiKeyId": "k1"})[0] == 403
