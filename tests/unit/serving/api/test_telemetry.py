"""The metrics that alarms watch are really written, under the name of the deployment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from segue.artifacts.place.local import LocalStore
from tests.small_clustering import publish_clustering, small_clustering

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
from types import SimpleNamespace
from snapshot_restore_py import get_after_restore
from segue import errors
from segue.serving.api.http import http_api, lambda_entry
from segue.serving.api.telemetry import refresh_failed

class Model:
    expired = 0
    def get(self): raise errors.StoreUnavailableError("down")
    def expire(self): self.expired += 1

model, api = Model(), http_api("test")

@api.post("/x")
def route(fault: str) -> int:
    if fault == "refresh":
        refresh_failed(errors.StoreUnavailableError("down"))
        return 1
    raise ZeroDivisionError if fault == "bug" else errors.CustomerNotFoundError(1)

handler = lambda_entry(api, model)
for function, arguments, keywords in get_after_restore():
    function(*arguments, **keywords)
context = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a",
                          aws_request_id="i", tenant_id=None)
event = {"resource": "/x", "path": "/x",
         "httpMethod": "POST", "headers": {}, "multiValueHeaders": {}, "body": None,
         "queryStringParameters": {"fault": FAULT}, "multiValueQueryStringParameters": {"fault": [FAULT]},
         "isBase64Encoded": False, "requestContext": {"identity": {"sourceIp": "1"}, "stage": "v1"}}
print(handler(event, context)["statusCode"], model.expired)
"""


def in_process(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_the_log_leaves_standard_output_to_the_answers_of_a_command(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "artifacts")
    damaged = publish_clustering(store, small_clustering("pca_features"))
    publish_clustering(store, small_clustering(), live=True)
    (store.root / "clusters" / "versions" / damaged / "label.npy").unlink()
    command = ["similar", "t004", "--variant", "pca_features", "--json", "--artifacts", str(store.root)]
    program = "import sys; from segue.cli import main; main()"
    done = in_process(program, *command, TMPDIR=str(tmp_path), AWS_LAMBDA_FUNCTION_NAME="")
    assert json.loads(done.stdout)["variant"] == "naive_features"
    assert "a variant cannot be served" in done.stderr


def test_on_lambda_the_log_is_on_standard_output() -> None:
    program = "from segue.serving.api.telemetry import logger; logger.warning('seen')"
    done = in_process(program, AWS_LAMBDA_FUNCTION_NAME="genre")
    assert (json.loads(done.stdout)["message"], done.stderr) == ("seen", "")


def run(fault: str) -> tuple[str, dict[str, list[str]]]:
    environment = {**os.environ, "POWERTOOLS_METRICS_NAMESPACE": "Segue/staging"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("FAULT", repr(fault))],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    metrics: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith('{"_aws"'):
            for entry in json.loads(line)["_aws"]["CloudWatchMetrics"]:
                metrics.setdefault(entry["Namespace"], []).extend(m["Name"] for m in entry["Metrics"])
    return next(line for line in lines if not line.startswith("{")), metrics


@pytest.mark.parametrize(
    ("fault", "status", "counted"),
    [
        ("bug", "500", {"ServerErrors"}),
        ("customer", "404", set()),
        ("refresh", "200", {"ArtifactRefreshFailed"}),
    ],
)
def test_each_fault_is_counted_once_and_restores_expire_models(fault, status, counted) -> None:
    answer, metrics = run(fault)
    assert answer == f"{status} 1"  # the one restore hook ran
    assert set(metrics) == {"Segue/staging"}
    names = metrics["Segue/staging"]
    assert set(names) == {"ColdStart", "Answers"} | counted
    assert len(names) == len(set(names))
