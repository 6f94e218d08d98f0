"""POST /import: a link to upload a listening history to; GET /import/{import_id}: its result."""

from datetime import UTC, datetime
from typing import Annotated

from segue.artifacts.place.location import open_store
from segue.serving.api.http import PROBLEMS, caller_key, http_api, lambda_entry, server_url
from segue.serving.api.telemetry import logger
from segue.serving.imports.contract import ImportRequest, ImportResponse, ImportStarted
from segue.serving.imports.job import STORE_TIMEOUT_S, read_job, start
from segue.serving.settings.environment import upload_location

uploads = open_store(upload_location(), setting="SEGUE_UPLOADS", timeout_s=STORE_TIMEOUT_S)
api = http_api("Import")


@api.post("/import", status_code=202, responses=PROBLEMS, tags=["import"])
def import_history(
    request: ImportRequest, key: Annotated[str, caller_key()], url: Annotated[str, server_url()]
) -> ImportStarted:
    """Announce the file of an export, and get the link to upload it to."""
    started = start(uploads, request, key, datetime.now(UTC), url)
    logger.info("import announced", extra={"import_id": started.import_id, "format": request.format})
    return started


@api.get("/import/{import_id}", responses=PROBLEMS, tags=["import"])
def import_state(import_id: str, key: Annotated[str, caller_key()]) -> ImportResponse:
    """Tell how far an import is, and what it came to."""
    return read_job(uploads, import_id, key).answer(datetime.now(UTC))


handler = lambda_entry(api)
