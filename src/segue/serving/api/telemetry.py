"""Logs and metrics (CloudWatch embedded metric format), and the names of all metrics."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from segue.serving.settings.environment import in_lambda, metrics_disabled, metrics_namespace

if TYPE_CHECKING:
    from segue.errors import ArtifactError

ARTIFACT_REFRESH_FAILED = "ArtifactRefreshFailed"
"""Number of failed refreshes during which an older version keeps serving; an alarm watches it."""

ANSWERS = "Answers"
"""Number of answers of any status."""

SERVER_ERRORS = "ServerErrors"
"""Number of answers of status 500 and above."""

_DISABLED = metrics_disabled()

logger = Logger(stream=sys.stdout if in_lambda() else sys.stderr)
"""Logger on standard output in Lambda, and on standard error elsewhere, where answers use the output."""
metrics = Metrics(namespace=metrics_namespace())


def count(name: str) -> None:
    """Add one to a metric."""
    if not _DISABLED:  # Powertools' own switch prints the metrics after every hundred
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def refresh_failed(error: ArtifactError) -> None:
    """Log and count a failed refresh during which an older version keeps serving."""
    logger.warning("artifact refresh failed, the loaded version keeps serving", exc_info=error)
    count(ARTIFACT_REFRESH_FAILED)
