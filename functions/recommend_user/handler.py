"""POST /recommend/user: tracks for one listener, by everything they did up to this call."""

from typing import Annotated

from segue.serving.api.http import PROBLEMS, caller_tier, http_api, lambda_entry
from segue.serving.api.telemetry import logger
from segue.serving.api.tier import Tier
from segue.serving.live.recommender import LiveRecommender
from segue.serving.recommend.answer import answer_tier, recommend_to
from segue.serving.recommend.contract import RecommendRequest, RecommendResponse
from segue.serving.settings.environment import ArtifactSettings, TierSettings, state_location
from segue.state.location import open_state

tiers = TierSettings.from_environment()
model = LiveRecommender(ArtifactSettings.from_environment(), tier=tiers.highest)
state = open_state(state_location())
api = http_api("Recommend to a listener")


@api.post("/recommend/user", response_model_exclude_none=True, responses=PROBLEMS, tags=["recommend"])
async def recommend_user(  # a plain function would be given a thread of its own, for a third of the time
    request: RecommendRequest, caller: Annotated[Tier, caller_tier(tiers)]
) -> RecommendResponse:
    """Recommend tracks to a listener, with the reasons; a stranger gets what is popular."""
    tier = answer_tier(caller, request.model_tier)
    live = model.get()
    response = recommend_to(request, tier, live, state.read_listener(request.user_id))
    answered = {"answered_by": response.answered_by, "request_id": response.request_id}
    logger.info("answered", extra={"model_version": live.version, **answered})
    return response


handler = lambda_entry(api, model)
