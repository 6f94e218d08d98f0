"""Answers to a listener as deployed: events in DynamoDB, keys in Secrets Manager, with Lambda's own boto3."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from segue.state.location import open_state
from tests.contract.state_table import create_table
from tests.runtime.bundle import runtime_sdk
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import read_event
from tests.small_recommender import LISTENER, events_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime.bundle import Bundle
    from tests.runtime.conftest import Published

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def deployed(published_model: Published, s3_server: str) -> dict[str, str]:
    """Variables that lead to a table with a listener's history, and to a secret as the template draws it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", s3_server)
        state = f"dynamodb://{create_table(f'state-{uuid.uuid4().hex}')}"
        open_state(state).record(events_of())
        secret = boto3.client("secretsmanager").create_secret(
            Name=f"keys-{uuid.uuid4().hex}", SecretString=json.dumps({"first": "5e" * 32})
        )
    variables = published_model.variables | {"SEGUE_STATE": state, "SEGUE_CURSOR_SECRET": secret["ARN"]}
    return {name: value for name, value in variables.items() if name != "SEGUE_CURSOR_KEYS"}


@pytest.mark.parametrize(
    ("case", "body"),
    [
        ("recommend_user/ok", {"user_id": LISTENER}),
        ("daily_mix/ok", {"user_id": LISTENER}),
        ("radio_generate/user", {"user_id": LISTENER, "limit": 5}),
    ],
)
def test_a_listener_is_known_from_the_table(
    case: str,
    body: dict[str, Any],
    build: Callable[[str], Bundle],
    deployed: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    bundle = build(case.partition("/")[0])
    with_sdk = replace(bundle, layers=(*bundle.layers, runtime_sdk()))
    with Emulator(with_sdk, deployed, tmp_path_factory.mktemp("listener") / "log") as emulator:
        answer = emulator.invoke(read_event(case) | {"body": json.dumps(body)})
        assert answer.get("statusCode") == 200, f"{answer}\n{emulator.log}"
        found = json.loads(answer["body"])
        assert found["answered_by"] == "hybrid"
        if "cursor" in found:
            again = emulator.invoke(read_event(case) | {"body": json.dumps({"cursor": found["cursor"]})})
            assert again["statusCode"] == 200, again
