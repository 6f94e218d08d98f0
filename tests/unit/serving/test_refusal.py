"""What a refused request costs: an answer and a log line of a bounded size, whatever is sent."""

from __future__ import annotations

import gzip
import json
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import Path, Query
from fastapi.testclient import TestClient

from segue.serving.api.body import MOST_BODY_BYTES, MOST_FIELDS
from segue.serving.api.contract import Id  # noqa: TC001
from segue.serving.api.http import IdempotencyKey, http_api, local_api
from segue.serving.api.telemetry import logger
from segue.serving.feedback.contract import MOST_EVENTS, FeedbackRequest
from segue.serving.recommend.contract import RecommendRequest  # noqa: TC001
from segue.serving.similar.contract import SimilarRequest  # noqa: TC001
from segue.serving.taste.contract import TasteQuery, TasteRequest  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 2048
DEEP = 100_000
WIDE = 3000


@pytest.fixture(scope="module")
def client() -> TestClient:
    api = http_api("test")

    @api.post("/recommend")
    async def recommend(request: RecommendRequest) -> int:
        return request.limit

    @api.post("/similar")
    async def similar(request: SimilarRequest) -> int:
        return request.limit

    @api.post("/feedback")
    async def feedback(request: FeedbackRequest, idempotency_key: IdempotencyKey = None) -> str:
        return f"{request}{idempotency_key}"

    @api.post("/taste/{user_id:path}")
    async def taste(
        user_id: Annotated[Id, Path()], query: Annotated[TasteQuery, Query()], request: TasteRequest
    ) -> str:
        return f"{user_id}{query}{request}"

    @api.get("/health")
    async def health(*, ready: bool = False) -> str:
        return f"{ready}"

    return TestClient(local_api([api]))


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Everything that is logged, from INFO on."""
    (handler,) = logger._logger.handlers
    level, stream, told = logger._logger.level, handler.stream, StringIO()
    handler.setStream(told)
    logger.setLevel("INFO")
    yield told
    handler.setStream(stream)
    logger.setLevel(level)


BODIES = {
    "unknown fields": {f"k{n}": 1 for n in range(WIDE)},
    "a long unknown field": {"k" * 500_000: 1},
    "ten long unknown fields": {f"{n}{'é' * 5_000}": 1 for n in range(10)},
    "half a character as a field": {"\ud800": 1, "user_id": 1.5},
    "a long list of numbers": {"user_id": "u", "exclude": [0.5] * 4 * WIDE},
    "a list of bad ids": {"user_id": "u", "exclude": [0.5] * WIDE},
    "a long text": {"user_id": "u" * 900_000},
    "a wide object": {"user_id": {f"k{n}": [n] for n in range(WIDE)}},
    "many events": {"events": [{"user_id": "u"}] * WIDE},
    "bad events": {"events": [{"user_id": [n], "x": n} for n in range(500)]},
    "a long genre": {"user_id": "u", "genre": "😀" * 10_000},
    "no object": ["u"] * WIDE,
}


@pytest.mark.parametrize("path", ["/recommend", "/similar", "/feedback", "/taste/u"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_answer_and_its_log_are_short_whatever_is_sent(
    client: TestClient, log: StringIO, path: str, body: Any
) -> None:
    answer = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    check_short(answer, log, 422)


@pytest.mark.parametrize(
    "body", ["[" * DEEP + "]" * DEEP, '{"a":' * DEEP, '{"user_id":' + "[" * 900 + "]" * 900 + "}"]
)
def test_deep_nesting_is_refused_in_short(client: TestClient, log: StringIO, body: str) -> None:
    check_short(client.post("/recommend", content=body), log, 422)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/taste/u?" + "&".join(f"a{n}=1" for n in range(3000)), {}, 422),
        ("/taste/u?format=" + "x" * 20_000, {}, 422),
        ("/taste/" + "u" * 20_000, {}, 422),
        ("/feedback", {"idempotency-key": "k" * 20_000}, 422),
        ("/" + "nowhere/" * 3000, {}, 404),
    ],
)
def test_long_paths_queries_and_headers_are_refused_in_short(
    client: TestClient, log: StringIO, path: str, headers: dict[str, str], status: int
) -> None:
    body = {"user_id": "u", "track_id": "t", "event": "like"} if path == "/feedback" else {}
    check_short(client.post(path, json=body, headers=headers), log, status)


def check_short(answer: Any, log: StringIO, status: int) -> None:
    assert answer.status_code == status
    assert len(answer.json()["detail"].encode()) <= MOST_BYTES
    assert len(log.getvalue().encode()) <= MOST_BYTES


def test_ten_faults_are_told_and_the_number_of_the_others(client: TestClient) -> None:
    body = {"user_id": "u", **{f"k{n}": 1 for n in range(50)}}
    detail = client.post("/recommend", json=body).json()["detail"]
    assert detail.count("no such field") == 10
    assert detail.endswith("; and 40 more")


EVENT = {"user_id": "u", "track_id": "t", "event": "like"}
UNKNOWN = {f"k{n}": 1 for n in range(180)}


@pytest.mark.parametrize(
    ("path", "body", "more"),
    [
        ("/recommend", {"user_id": "u", **{f"k{n}": 1 for n in range(60_000)}}, 59_990),
        ("/recommend", {"user_id": "u", "context": {"day": "monday", **UNKNOWN}}, 170),
        ("/feedback", {"events": [{**EVENT, **UNKNOWN}] * 500}, 170),
        ("/feedback", {"events": [{**EVENT, **{f"k{n}": 1 for n in range(90)}}] * 500}, 80),
        ("/taste/u", UNKNOWN, 170),
    ],
)
def test_too_many_fields_are_refused_before_each_is_a_fault(
    client: TestClient, log: StringIO, path: str, body: Any, more: int
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    first = ", ".join(f"k{n}" for n in range(10))
    remedy = "no such fields; check their spelling, or leave them out."
    assert answer.json()["detail"] == f"{first} and {more} more: {remedy}"
    assert json.loads(log.getvalue())["faults"] == []


def test_fields_that_repeat_are_refused_beyond_the_bound(client: TestClient) -> None:
    body = '{"user_id": "u"' + ', "limit": 1' * MOST_FIELDS + "}"
    answer = client.post("/recommend", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["detail"].startswith(f"body: more than {MOST_FIELDS} fields in one object")


def test_the_largest_feedback_is_read(client: TestClient) -> None:
    event = {**EVENT, "at": "2026-11-21T10:30:00Z", "event_id": "e", "ms_played": 1, "context": "workout"}
    assert client.post("/feedback", json={"events": [event] * MOST_EVENTS}).status_code == 200


def test_of_a_long_list_of_bad_ids_the_first_are_told(client: TestClient) -> None:
    detail = client.post("/recommend", json={"user_id": "u", "exclude": [0.5] * 10_000}).json()["detail"]
    told = [f"exclude.{place}: must be a text, got 0.5" for place in range(10)]
    assert detail == "; ".join([*told, "and 9990 more"])


def test_the_log_names_fields_and_never_what_was_sent(client: TestClient, log: StringIO) -> None:
    body = {"user_id": ["alice@example.com"], "alice@example.com": 1, "exclude": ["a", {"alice": 1}]}
    client.post("/recommend", json=body)
    client.post("/taste/alice?format=alice", json={"friends": [{"alice": "alice"}]})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert "alice" not in log.getvalue()
    assert [line["route"] for line in lines] == ["/recommend", "/taste/{user_id:path}"]
    assert lines[0]["faults"] == [
        "body.user_id: string_type",
        "body.exclude.*: string_type",
        "body.(unknown): extra_forbidden",
    ]


def test_a_body_that_is_too_large_is_refused_and_not_read(client: TestClient) -> None:
    fits, large = (b'{"user_id": "u"' + b" " * (MOST_BODY_BYTES - 16 + more) + b"}" for more in (0, 1))
    is_json = {"content-type": "application/json"}
    assert client.post("/recommend", content=fits, headers=is_json).status_code == 200
    answer = client.post("/recommend", content=large, headers=is_json)
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")
    assert f"larger than the maximum of {MOST_BODY_BYTES} bytes" in answer.json()["detail"]


@pytest.mark.parametrize("size", [9_500_000, 40_000_000])
def test_a_huge_body_in_pieces_is_refused(client: TestClient, size: int) -> None:
    pieces = (b"[" * 500_000 for _ in range(size // 500_000))
    assert client.post("/recommend", content=pieces).status_code == 413


def test_a_compressed_body_is_refused_with_the_name_of_its_encoding(client: TestClient) -> None:
    body = gzip.compress(b'{"user_id": "u"}')
    answer = client.post("/recommend", content=body, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "content-encoding: 'gzip' is not read" in answer.json()["detail"]
    plain = client.post("/recommend", json={"user_id": "u"}, headers={"content-encoding": "identity"})
    assert plain.status_code == 200


def test_a_query_parameter_is_refused_in_plain_words(client: TestClient) -> None:
    answer = client.get("/health?ready=maybe")
    assert (answer.status_code, answer.json()["detail"]) == (422, 'ready: must be true or false, got "maybe"')


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health?ready=true&"), ("POST", "/recommend?"), ("POST", "/feedback?"), ("POST", "/taste/u?")],
)
def test_a_query_parameter_that_nobody_reads_is_refused(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, f"{path}limit=5", json={"user_id": "u"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["detail"] == "limit: no such field; check its spelling, or leave it out"


def test_query_parameters_that_a_route_reads_are_taken(client: TestClient) -> None:
    assert client.get("/health?ready=true").json() == "True"
    assert client.post("/taste/u?format=svg&picture=radar", json={}).status_code == 200


def test_head_is_answered_where_get_is(client: TestClient) -> None:
    for path in ("/", "/docs", "/redoc", "/openapi.json", "/health"):
        assert client.head(path).status_code == client.get(path).status_code == 200
    assert client.head("/recommend").status_code == 405
