"""Logs and metrics (CloudWatch embedded metric format), and the names of every metric."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from segue.serving.settings.environment import in_lambda, metrics_disabled, metrics_namespace

if TYPE_CHECKING:
    from segue.errors import ArtifactError

ARTIFACT_REFRESH_FAILED = "ArtifactRefreshFailed"
"""A refresh failed while a good version went on serving; an alarm watches it."""

ANSWERS = "Answers"
"""Requests answered, of whatever status."""

SERVER_ERRORS = "ServerErrors"
"""Answers of status 500 and above."""

_DISABLED = metrics_disabled()

logger = Logger(stream=sys.stdout if in_lambda() else sys.stderr)
"""On standard output, where Lambda collects it; anywhere else that is for answers, as of `segue … --json`."""
metrics = Metrics(namespace=metrics_namespace())


def count(name: str) -> None:
    """Add one to a metric."""
    if not _DISABLED:  # Powertools would hold a hundred back, then print them all the same
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def refresh_failed(error: ArtifactError) -> None:
    """Log and count a refresh that failed while an older version goes on serving."""
    logger.warning("artifact refresh failed, the version at hand goes on serving", exc_info=error)
    count(ARTIFACT_REFRESH_FAILED)
