"""POST /api/model: the genre a customer will spend most on next, from their purchases up to this call."""

from segue.artifacts.codec.genre_preference import load_genre_preference
from segue.artifacts.family import GENRE_PREFERENCE
from segue.artifacts.place.location import open_reader
from segue.backends.onnx import OnnxClassifier
from segue.domain.genre_preference.preference import predict_genre
from segue.serving.api.contract import GenreRequest, GenreResponse
from segue.serving.api.http import PROBLEMS, http_api, lambda_entry
from segue.serving.api.telemetry import logger, refresh_failed
from segue.serving.live.family import Live
from segue.serving.settings.database import follow_store
from segue.serving.settings.environment import ArtifactSettings

settings = ArtifactSettings.from_environment()
database = follow_store()
model = Live(
    open_reader(settings.location),
    GENRE_PREFERENCE,
    lambda folder, _: load_genre_preference(folder, OnnxClassifier),
    settings,
    on_failure=refresh_failed,
)
api = http_api("Genre preference")


@api.post("/api/model", response_model_exclude_none=True, responses=PROBLEMS, tags=["genre"])
def genre_preference(request: GenreRequest, *, details: bool = False) -> GenreResponse:
    """Answer with the genre that a customer will spend most on next."""
    purchases, live = database.read_purchases(request.customer_id), model.get()
    answer = predict_genre(live.value, purchases)
    logger.info("answered", extra={"model_version": live.version, "answered_by": answer.answered_by})
    return GenreResponse.of(answer, live.version, details=details)


handler = lambda_entry(api, model)
