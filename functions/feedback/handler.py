"""POST /feedback: what listeners did, exclude and saw, counted once and from the next answer on."""

from datetime import UTC, datetime

from segue.artifacts.place.location import open_store
from segue.serving.api.http import PROBLEMS, IdempotencyKey, http_api, lambda_entry
from segue.serving.api.telemetry import logger
from segue.serving.feedback.answer import LAKE_TIMEOUT_S, accept, build_events
from segue.serving.feedback.contract import FeedbackRequest, FeedbackResponse
from segue.serving.settings.environment import lake_location, state_location
from segue.state.location import open_state

state = open_state(state_location())
lake = open_store(lake_location(), setting="SEGUE_LAKE", timeout_s=LAKE_TIMEOUT_S)
api = http_api("Feedback")


@api.post("/feedback", status_code=202, responses=PROBLEMS, tags=["feedback"])
def feedback(request: FeedbackRequest, idempotency_key: IdempotencyKey = None) -> FeedbackResponse:
    """Keep one event or up to 500."""
    now = datetime.now(UTC)
    recorded = accept(build_events(request, now, idempotency_key), now, lake, state)
    logger.info("accepted", extra={"new": recorded.new, "repeated": recorded.repeated})
    return FeedbackResponse(accepted=recorded.new, repeated=recorded.repeated)


handler = lambda_entry(api)
