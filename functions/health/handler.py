"""GET /health: which version of each family is live, since when, and whether it can be served."""

from segue import __version__
from segue.artifacts.family import FAMILIES
from segue.artifacts.location import open_reader
from segue.serving.contracts import HealthResponse
from segue.serving.health import describe_live
from segue.serving.http import PROBLEMS, http_api, lambda_entry
from segue.serving.settings import ArtifactSettings

settings = ArtifactSettings.from_environment()
store = open_reader(settings.location, settings.environment)
api = http_api("Health")


@api.get("/health", responses=PROBLEMS, tags=["operations"])
def health() -> HealthResponse:
    """Name the live versions."""
    models = {family: describe_live(store, family) for family in FAMILIES}
    live = [model for model in models.values() if model]
    healthy = bool(live) and not any(model.missing for model in live)
    return HealthResponse(status="ok" if healthy else "degraded", segue=__version__, models=models)


handler = lambda_entry(api)
