"""GET /health: which version of each family is live, and since when."""

from segue import __version__
from segue.artifacts.family import FAMILIES
from segue.artifacts.location import open_reader
from segue.artifacts.manifest import format_instant
from segue.artifacts.store import resolve
from segue.errors import AliasNotFoundError
from segue.serving.contracts import HealthResponse, LiveModel
from segue.serving.http import PROBLEMS, http_api, lambda_entry
from segue.serving.settings import ArtifactSettings

settings = ArtifactSettings.from_environment()
store = open_reader(settings.location, settings.environment)
api = http_api("Health")


def live_model(family: str) -> LiveModel | None:
    """Read a family's champion, or None when nothing was promoted yet."""
    try:
        alias = resolve(store, family).alias
    except AliasNotFoundError:
        return None
    return LiveModel(version=alias.target.version, live_since=format_instant(alias.set_at))


@api.get("/health", responses=PROBLEMS, tags=["operations"])
def health() -> HealthResponse:
    """Name the live versions."""
    models = {family: live_model(family) for family in FAMILIES}
    return HealthResponse(
        status="ok" if all(models.values()) else "degraded", segue=__version__, models=models
    )


handler = lambda_entry(api)
