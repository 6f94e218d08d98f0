"""POST /recommend/similar: tracks like one track or several."""

from functools import partial
from typing import Annotated

from fastapi.concurrency import run_in_threadpool

from segue.backends.faiss import open_index
from segue.domain.listening.exclusion import ListenerRecord
from segue.serving.api.http import PROBLEMS, caller_tier, http_api, lambda_entry
from segue.serving.api.tier import Feature, Tier, opens
from segue.serving.live.clusterings import LiveClusterings
from segue.serving.live.recommender import LiveRecommender
from segue.serving.settings.environment import ArtifactSettings, TierSettings, state_location
from segue.serving.similar.answer import similar_tracks
from segue.serving.similar.contract import SimilarRequest, SimilarResponse
from segue.state.location import open_state

settings = ArtifactSettings.from_environment()
tiers = TierSettings.from_environment()
model = LiveRecommender(settings, open_index=open_index, tier=tiers.highest)
clusterings = LiveClusterings(settings)
state = open_state(state_location())
api = http_api("Similar tracks")


@api.post("/recommend/similar", response_model_exclude_none=True, responses=PROBLEMS, tags=["recommend"])
async def recommend_similar(
    request: SimilarRequest, caller: Annotated[Tier, caller_tier(tiers)]
) -> SimilarResponse:
    """Find tracks like one track or several, with what makes them alike."""
    record = ListenerRecord() if request.user_id is None else state.read_listener(request.user_id)
    answer = partial(similar_tracks, request, caller, model, clusterings, record)
    # A variant is loaded when it is first asked for, which others need not wait for.
    return await run_in_threadpool(answer) if request.variant else answer()


handler = lambda_entry(api, model, *((clusterings,) if Feature.CLUSTERS in opens(tiers.highest) else ()))
