"""GET /models: the live version of every family, and the variants of the clustered tracks."""

from segue.artifacts.place.location import open_reader
from segue.serving.api.http import PROBLEMS, http_api, lambda_entry
from segue.serving.operations.models import ModelsResponse, describe_models
from segue.serving.settings.environment import ArtifactSettings

settings = ArtifactSettings.from_environment()
store = open_reader(settings.location)
api = http_api("Models")


@api.get("/models", responses=PROBLEMS, tags=["operations"])
def models() -> ModelsResponse:
    """List the live versions, and the variants that similar tracks can be asked by."""
    return describe_models(store)


handler = lambda_entry(api)
