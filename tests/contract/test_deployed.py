"""Every function as deployed: the template's variables, models on S3, events in DynamoDB, secrets by ARN.

Each answers its first event in a process of its own, and has loaded nothing of boto3 by then, which Lambda's
image has. Powertools imports the bare package botocore, 1 ms, to see whether there is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from segue.artifacts.place.location import open_store
from segue.state.location import open_state
from tests.architecture.tree import HANDLERS, ROOT
from tests.conftest import FAKE_AWS
from tests.contract.state_table import create_table
from tests.runtime.bundle import function_properties, template
from tests.runtime.expectation import TIERS, read_event
from tests.small_recommender import events_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.small_recommender import Trained

FUNCTIONS = [path.parent.name for path in HANDLERS]
CASE = {
    "feedback": "like",
    "import_upload": "spotify",
    "import_worker": "uploaded",
    "radio_generate": "user",
}
"""Event of a function that has none called ``ok``."""

STATUS = {"feedback": 202, "import_upload": 202, "import_worker": None, "genre_preference": 503}
"""Status of an answer that is not 200. The secret of genre_preference leads to no database."""

LEFT_OUT = {"SEGUE_STORE", "SEGUE_STORE_HOST", "SEGUE_STORE_DATABASE"}
"""Variables of a stack whose store is found by a secret that holds an address."""

RUN = """
import json, os, sys
import segue.serving.api.http  # every function does, so that one process can begin for all of them
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    function, variables, event = json.loads(line)
    if not os.fork():
        os.environ.update(variables)
        module = __import__(f"functions.{function}.handler", fromlist=["handler"])
        class context:
            function_name, memory_limit_in_mb, invoked_function_arn = function, 1024, "arn"
            aws_request_id, tenant_id = "1", None
        answer = module.handler(event, context) or {}
        loaded = [name for name in sys.modules if name == "boto3" or name.startswith(("boto3.", "botocore."))]
        print(json.dumps([function, answer.get("statusCode"), answer.get("body"), loaded]), file=answers)
        answers.flush()
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"{function} failed")
"""


@pytest.fixture(scope="module")
def places(s3_server: str, trained: Trained) -> Iterator[dict[str, str]]:
    """What a stack fills in, by variable."""
    own = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", s3_server)
        s3, secrets = boto3.client("s3"), boto3.client("secretsmanager")
        where = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
        for name in ("models", "lake", "uploads"):
            s3.create_bucket(Bucket=f"{name}-{own}", CreateBucketConfiguration=where)
        trained.copy_to(open_store(f"s3://models-{own}"))
        state = f"dynamodb://{create_table(f'state-{own}')}"
        open_state(state).record(events_of())
        keys = json.dumps({"first": "5e" * 32})
        yield {
            "AWS_ENDPOINT_URL": s3_server,
            "SEGUE_ARTIFACTS": f"s3://models-{own}",
            "SEGUE_STATE": state,
            "SEGUE_LAKE": f"s3://lake-{own}",
            "SEGUE_UPLOADS": f"s3://uploads-{own}",
            "SEGUE_CURSOR_SECRET": secrets.create_secret(Name=f"keys-{own}", SecretString=keys)["ARN"],
            "SEGUE_STORE_SECRET": secrets.create_secret(
                Name=f"store-{own}", SecretString="postgresql://u:p@127.0.0.1:9/none"
            )["ARN"],
            "SEGUE_KEY_TIERS": TIERS,
            "SEGUE_CORS_ORIGINS": "",
            "SEGUE_BASE_PATH": "",
            "POWERTOOLS_METRICS_NAMESPACE": "Segue/test",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }


def variables(function: str, places: dict[str, str], cache: Path) -> dict[str, str]:
    """Return the variables that the template gives a function, as a stack with these places fills them in."""
    common: Any = template()
    given = (
        common["Globals"]["Function"]["Environment"]["Variables"]
        | function_properties(function)["Environment"]["Variables"]  # type: ignore[index]
    )
    plain = {name: value for name, value in given.items() if isinstance(value, str)}
    filled = {name: places[name] for name in given.keys() - plain.keys() - LEFT_OUT}
    return plain | filled | {"SEGUE_CACHE_DIR": str(cache / function), "AWS_LAMBDA_FUNCTION_NAME": function}


@pytest.fixture(scope="module")
def answers(places: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Status, body, and modules of AWS's library, by function."""
    cache = tmp_path_factory.mktemp("deployed")
    events = [
        (name, variables(name, places, cache), read_event(f"{name}/{CASE.get(name, 'ok')}"))
        for name in FUNCTIONS
    ]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("SEGUE_", "AWS_"))}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input="".join(f"{json.dumps(event)}\n" for event in events),
        env=keep | FAKE_AWS | {"PYTHONPATH": path},
        cwd=cache,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return {function: rest for function, *rest in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_answers_without_boto3(function: str, answers: dict[str, list[Any]]) -> None:
    status, body, loaded = answers[function]
    assert status == STATUS.get(function, 200), body
    assert loaded == []


def test_a_listener_is_known_from_the_table(answers: dict[str, list[Any]]) -> None:
    for function in ("daily_mix", "radio_generate", "recommend_user"):
        assert json.loads(answers[function][1])["answered_by"] == "hybrid"


def test_the_store_was_looked_for_where_the_secret_says(answers: dict[str, list[Any]]) -> None:
    assert json.loads(answers["genre_preference"][1])["code"] == "source_unavailable"
