"""Feedback as deployed, on DynamoDB and S3."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from segue.artifacts.listing import read_all
from segue.artifacts.place.location import open_store
from segue.sources.lake import LAKE_PREFIX, LakeAccount, read_feedback
from segue.state.location import open_state
from tests.contract.state_table import create_table
from tests.runtime.emulator import Emulator
from tests.runtime.expectation import read_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.runtime.bundle import Bundle

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def places(s3_server: str) -> Iterator[dict[str, str]]:
    """A table and a bucket, in the variables that lead to them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", s3_server)
        bucket = f"lake-{uuid.uuid4().hex}"
        where = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        table = create_table(f"state-{uuid.uuid4().hex}")
        yield {
            "AWS_ENDPOINT_URL": s3_server,
            "SEGUE_STATE": f"dynamodb://{table}",
            "SEGUE_LAKE": f"s3://{bucket}",
        }


@pytest.fixture(scope="module")
def feedback(
    build: Callable[[str], Bundle], places: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    with Emulator(build("feedback"), places, tmp_path_factory.mktemp("feedback") / "log") as emulator:
        yield emulator


def send(emulator: Emulator, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    event = read_event("feedback/like") | {"body": json.dumps(body)}
    answer = emulator.invoke(event)
    assert "statusCode" in answer, f"{answer}\n{emulator.log}"
    return answer["statusCode"], json.loads(answer["body"])


def test_events_reach_table_and_bucket_once(feedback: Emulator, places: dict[str, str]) -> None:
    events = [
        {"user_id": "once", "track_id": f"t{number}", "event": "play", "event_id": f"e{number}"}
        for number in range(120)
    ]
    assert send(feedback, {"events": events}) == (202, {"accepted": 120, "repeated": 0})
    assert send(feedback, {"events": events}) == (202, {"accepted": 0, "repeated": 120})
    assert send(feedback, events[7]) == (202, {"accepted": 0, "repeated": 1})
    assert len(open_state(places["SEGUE_STATE"]).read_listener("once").events) == 120
    account = LakeAccount()
    found = list(read_feedback(read_all(open_store(places["SEGUE_LAKE"]), LAKE_PREFIX), account))
    assert sorted(event.track_id for event in found) == sorted(event["track_id"] for event in events)
    assert (account.read, account.repeated, account.damaged) == (120, 1, [])


def test_a_table_that_is_gone_keeps_the_events_in_the_lake_and_says_so(
    build: Callable[[str], Bundle], places: dict[str, str], tmp_path: Path
) -> None:
    gone = places | {"SEGUE_STATE": "dynamodb://gone"}
    with Emulator(build("feedback"), gone, tmp_path / "log") as emulator:
        status, body = send(emulator, {"user_id": "kept", "track_id": "t", "event": "like"})
    assert (status, body["code"]) == (503, "not_counted")
    lake = read_all(open_store(places["SEGUE_LAKE"]), LAKE_PREFIX)
    assert "kept" in {event.user_id for event in read_feedback(lake, LakeAccount())}
