"""POST /radio/generate: the next tracks of an endless station."""

import time
from functools import partial
from typing import Annotated

from fastapi.concurrency import run_in_threadpool

from segue.domain.listening.exclusion import ListenerRecord
from segue.serving.api.http import PROBLEMS, caller_tier, http_api, lambda_entry
from segue.serving.api.telemetry import logger
from segue.serving.api.tier import Tier
from segue.serving.live.recommender import LiveDerived, LiveRecommender
from segue.serving.radio.answer import build_radio, find_station, play, with_cursor
from segue.serving.radio.contract import RadioRequest, RadioResponse
from segue.serving.recommend.answer import answer_tier
from segue.serving.settings.environment import ArtifactSettings, TierSettings, cursor_keys, state_location
from segue.state.location import open_state

tiers = TierSettings.from_environment()
recommender = LiveRecommender(ArtifactSettings.from_environment(), tier=tiers.highest)
model = LiveDerived(recommender, build_radio)
state = open_state(state_location())
cursor_keys()  # a missing variable stops the function at INIT; each request reads it anew, as keys change
api = http_api("Radio")


@api.post("/radio/generate", response_model_exclude_none=True, responses=PROBLEMS, tags=["recommend"])
async def radio_generate(request: RadioRequest, caller: Annotated[Tier, caller_tier(tiers)]) -> RadioResponse:
    """Start a station from a seed, or go on with one from its cursor; it repeats none while any is left."""
    tier = answer_tier(caller, request.model_tier)
    live, keys, now_s = model.get(), cursor_keys(), int(time.time())
    find = partial(find_station, request, live, recommender.vocabulary, keys, now_s=now_s)
    # A cursor may need the tracks of an older version, which are read from the store.
    station = await run_in_threadpool(find) if request.cursor else find()
    record = state.read_listener(station.user_id) if station.user_id else ListenerRecord()
    after, response = play(station, request.limit, tier, live, record)
    answered = {"answered_by": response.answered_by, "request_id": response.request_id}
    logger.info("answered", extra={"model_version": live.version, **answered})
    return with_cursor(response, after, keys, now_s=now_s)


handler = lambda_entry(api, model)
