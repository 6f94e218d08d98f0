"""POST /taste-profile/{user_id}: a listener's taste in numbers, sentences and pictures."""

from typing import Annotated

from fastapi import Body, Path, Query, Response

from segue.serving.contracts import Id
from segue.serving.http import PROBLEMS, caller_tier, http_api, lambda_entry
from segue.serving.recommendation import answer_tier
from segue.serving.settings import ArtifactSettings, TierSettings, state_location
from segue.serving.taste import profile_for
from segue.serving.taste_contract import TasteProfile, TasteQuery, TasteRequest
from segue.serving.taste_model import live_taste
from segue.serving.taste_page import PICTURED, rendered
from segue.serving.telemetry import logger
from segue.serving.tier import Feature, Tier, require
from segue.state.location import open_state

model = live_taste(ArtifactSettings.from_environment())
state = open_state(state_location())
tiers = TierSettings.from_environment()
api = http_api("Taste profile")
# A slash of an id is encoded where API Gateway chooses the route, and decoded here.
ROUTE = "/taste-profile/{user_id:path}"


@api.post(ROUTE, response_model=TasteProfile, responses=PICTURED | PROBLEMS, tags=["taste"])
async def taste_profile(
    user_id: Annotated[Id, Path()],
    caller: Annotated[Tier, caller_tier(tiers)],
    query: Annotated[TasteQuery, Query()],
    request: Annotated[TasteRequest | None, Body()] = None,
) -> Response:
    """Profile a stored listener, or one who is described by tracks and artists."""
    asked = request or TasteRequest()
    tier = answer_tier(caller, asked.model_tier)
    require(tier, Feature.TASTE_PROFILE)
    live = model.get()
    answer, profile = profile_for(user_id, asked, tier, live, state.read_recent(user_id))
    logger.info("answered", extra={"model_version": live.version, "format": query.format})
    made = rendered(answer, profile, live.value.reference, query.format, query.picture)
    return Response(made.content, media_type=made.media_type, headers=made.headers)


handler = lambda_entry(api, model)
