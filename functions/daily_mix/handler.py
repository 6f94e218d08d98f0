"""POST /daily-mix: a listener's mixes of the day, one for each distinct taste."""

from datetime import UTC, datetime
from typing import Annotated

from segue.serving.api.http import PROBLEMS, caller_tier, http_api, lambda_entry
from segue.serving.api.telemetry import logger
from segue.serving.api.tier import Feature, Tier, opens, require
from segue.serving.live.recommender import LiveDerived, LiveRecommender
from segue.serving.mix.answer import build_mixer, mix_for
from segue.serving.mix.contract import DailyMixRequest, DailyMixResponse
from segue.serving.recommend.answer import answer_tier
from segue.serving.settings.environment import ArtifactSettings, TierSettings, state_location
from segue.state.location import open_state

tiers = TierSettings.from_environment()
model = LiveDerived(LiveRecommender(ArtifactSettings.from_environment(), tier=tiers.highest), build_mixer)
state = open_state(state_location())
api = http_api("Daily mixes")


@api.post("/daily-mix", response_model_exclude_none=True, responses=PROBLEMS, tags=["recommend"])
async def daily_mix(
    request: DailyMixRequest, caller: Annotated[Tier, caller_tier(tiers)]
) -> DailyMixResponse:
    """Blend what a listener knows with what is new to them; the mixes stay for their day."""
    tier = answer_tier(caller, request.model_tier)
    require(tier, Feature.DAILY_MIX)
    live = model.get()
    response = mix_for(request, tier, live, state.read_listener(request.user_id), datetime.now(UTC))
    answered = {"answered_by": response.answered_by, "request_id": response.request_id}
    logger.info("answered", extra={"model_version": live.version, **answered})
    return response


handler = lambda_entry(api, *((model,) if Feature.DAILY_MIX in opens(tiers.highest) else ()))
