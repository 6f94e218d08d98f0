"""On an upload to the bucket of imports: import the listening history that it holds."""

from typing import Any

from segue.artifacts.place.location import open_store
from segue.serving.api.telemetry import logger, metrics
from segue.serving.imports.budget import Reading
from segue.serving.imports.worker import ImportWorker
from segue.serving.settings.environment import (
    ArtifactSettings,
    import_limits,
    lake_location,
    state_location,
    upload_location,
)
from segue.state.location import open_state

worker = ImportWorker(
    open_store(upload_location(), setting="SEGUE_UPLOADS"),
    ArtifactSettings.from_environment(),
    open_state(state_location()),
    open_store(lake_location(), setting="SEGUE_LAKE"),
    Reading(None, *import_limits()),
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ARG001  # Lambda gives both
    """Take an event of EventBridge, "Object Created"."""
    worker.run(event["detail"]["object"]["key"])
