"""GET /health: which version of each family is live, since when, and whether it can be served."""

from typing import Annotated, Any

from fastapi import Query, Response

from segue import __version__
from segue.artifacts.family import FAMILIES
from segue.artifacts.place.location import open_reader
from segue.serving.api.contract import HealthResponse
from segue.serving.api.description import OPEN
from segue.serving.api.http import PROBLEMS, http_api, lambda_entry
from segue.serving.api.problem import RETRY_AFTER_S
from segue.serving.operations.health import describe_live
from segue.serving.settings.environment import ArtifactSettings

settings = ArtifactSettings.from_environment()
store = open_reader(settings.location)
api = http_api("Health")
_WHY = "With ready=true: a live model cannot answer, or none is live."
DEGRADED: dict[int | str, dict[str, Any]] = {503: {"model": HealthResponse, "description": _WHY}}


@api.get("/health", responses=DEGRADED | PROBLEMS, tags=["operations"], openapi_extra=OPEN)
def health(
    response: Response,
    *,
    ready: Annotated[
        bool, Query(description="answer 503 while a live model cannot answer, for a readiness probe")
    ] = False,
) -> HealthResponse:
    """Name the live versions."""
    models = {family: describe_live(store, family) for family in FAMILIES}
    live = [model for model in models.values() if model]
    healthy = bool(live) and not any(model.missing for model in live)
    can_answer = bool(live) and all(model.servable for model in live)
    if ready and not can_answer:
        response.status_code, response.headers["retry-after"] = 503, str(RETRY_AFTER_S)
    return HealthResponse(status="ok" if healthy else "degraded", segue=__version__, models=models)


handler = lambda_entry(api)
