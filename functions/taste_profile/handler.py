"""POST /taste-profile/{user_id}: a listener's taste in numbers, sentences and pictures, GET as well."""

from typing import Annotated

from fastapi import Body, Path, Query, Response

from segue.serving.api.contract import Id
from segue.serving.api.http import PROBLEMS, caller_tier, http_api, lambda_entry
from segue.serving.api.tier import Feature, Tier, opens
from segue.serving.live.taste_model import live_taste
from segue.serving.settings.environment import ArtifactSettings, TierSettings, state_location
from segue.serving.taste.contract import TasteProfile, TasteQuery, TasteRequest
from segue.serving.taste.page import PICTURED, Rendered, respond
from segue.state.location import open_state

model = live_taste(ArtifactSettings.from_environment())
state = open_state(state_location())
User = Annotated[Id, Path()]
tiers = TierSettings.from_environment()
Caller = Annotated[Tier, caller_tier(tiers)]
Asked = Annotated[TasteQuery, Query()]
api = http_api("Taste profile")
# A slash of an id is encoded where API Gateway chooses the route, and decoded here.
ROUTE = "/taste-profile/{user_id:path}"


@api.get(ROUTE, response_model=TasteProfile, responses=PICTURED | PROBLEMS, tags=["taste"])
async def stored_taste_profile(user_id: User, caller: Caller, query: Asked) -> Response:
    """Profile a stored listener, at an address that a link or a picture of a page can name."""
    return _sent(respond(user_id, TasteRequest(), query, caller, (model, state)))


@api.post(ROUTE, response_model=TasteProfile, responses=PICTURED | PROBLEMS, tags=["taste"])
async def taste_profile(
    user_id: User, caller: Caller, query: Asked, request: Annotated[TasteRequest | None, Body()] = None
) -> Response:
    """Profile a stored listener, or one who is described by tracks and artists."""
    return _sent(respond(user_id, request or TasteRequest(), query, caller, (model, state)))


def _sent(made: Rendered) -> Response:
    return Response(made.content, media_type=made.media_type, headers=made.headers)


handler = lambda_entry(api, *((model,) if Feature.TASTE_PROFILE in opens(tiers.highest) else ()))
