"""What is wrong with a request, in words that need no knowledge of Python."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from segue.serving.api.http import http_api
from segue.serving.api.validation import say_what_is_wrong
from segue.serving.feedback.answer import FeedbackEvent
from segue.serving.recommend.contract import RecommendRequest
from segue.serving.similar.contract import SimilarRequest


def told(kind: type[BaseModel], **fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        kind(**fields)
    return say_what_is_wrong(caught.value.errors(), fields)


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"track_id": []}, "track_id: must have 1 item or more, got []"),
        ({"track_id": [str(n) for n in range(51)]}, "track_id: must have 50 items or fewer, got ["),
        ({"track_id": ""}, 'track_id: must have 1 character or more, got ""'),
        ({"track_id": ["a", ""]}, 'track_id.1: must have 1 character or more, got ""'),
        ({"track_id": {"a": 1}}, 'track_id: must be a text, got {"a": 1}'),
        ({"track_id": "\ud800"}, r'track_id: \ud800 is half a character: send both halves or neither, got'),
        ({"track_id": "1", "limit": "3"}, 'limit: must be a whole number, got "3"'),
        ({"track_id": "1", "limit": 101}, "limit: must be 100 or less, got 101"),
        ({"track_id": "1", "diversity": -1}, "diversity: must be 0 or more, got -1"),
        ({"track_id": "1", "explain": 1}, "explain: must be true or false, got 1"),
        ({"track_id": "1", "limits": 3}, "limits: no such field; check its spelling, or leave it out"),
        ({"track_id": "1", "model": "x"}, "model: must be 'hybrid', 'collaborative', 'content' or 'clus"),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_the_caller_wrote_it_and_with_what_to_send(
    wishes: dict[str, Any], says: str
) -> None:
    assert told(SimilarRequest, **wishes).startswith(says)


def test_half_a_character_is_refused_wherever_a_text_is_sent() -> None:
    assert "is half a character" in told(RecommendRequest, user_id="12", genre="\udfff")


@pytest.mark.parametrize("at", ["2026-11-21T12:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_is_told_how_to_be_written(at: str) -> None:
    event = {"user_id": "u", "track_id": "t", "event": "like"}
    assert f'at: send ISO 8601 with a zone, as in 2026-11-21T10:30:00Z, got "{at}"' in told(
        FeedbackEvent, **event, at=at
    )


def test_where_a_field_is_missing_the_route_shows_a_request_that_is_right() -> None:
    api = http_api("test")

    @api.post("/similar")
    def route(request: SimilarRequest) -> int:
        return request.limit

    detail = TestClient(api).post("/similar", json={}).json()["detail"]
    assert detail == 'track_id: required, and missing. Send for example {"track_id": "2591", "limit": 10}'
