"""Errors as problem+json: the status table, what is public, and what never is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from segue import errors
from segue.artifacts.family import GENRE_PREFERENCE, made_by
from segue.serving.api.contract import GenreRequest  # noqa: TC001  # FastAPI reads the annotation
from segue.serving.api.http import http_api, lambda_entry

SECRET = "postgresql://user:hunter2@10.0.0.1"


@dataclass
class Context:
    """What Lambda passes beside the event."""

    function_name: str = "genre"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:1:function:genre"
    aws_request_id: str = "7f0c"
    tenant_id: str | None = None


entry = cache(lambda_entry)
"""An application starts once, as in Lambda: each start collects garbage."""


def call(
    api: Any,
    method: str = "POST",
    path: str = "/x",
    body: str | None = None,
    *,
    headers: dict | None = None,
    key_id: str | None = None,
) -> tuple[int, dict, dict]:
    event = {
        "resource": path, "path": path, "httpMethod": method, "body": body, "isBase64Encoded": False,
        "headers": {"content-type": "application/json", **(headers or {})}, "multiValueHeaders": {},
        "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "requestContext": {"identity": {"sourceIp": "203.0.113.7", "apiKeyId": key_id}, "stage": "v1"},
    }  # fmt: skip
    answer = entry(api)(event, Context())
    headers = {**answer["headers"], **{k: v[0] for k, v in answer["multiValueHeaders"].items()}}
    return answer["statusCode"], json.loads(answer["body"]), headers


RAISED: list[Exception] = []
API = http_api("test")


@API.post("/x")
def fail() -> None:
    raise RAISED.pop()


@API.post("/customer")
def take(request: GenreRequest) -> int:
    return request.customer_id


def call_raising(error: Exception) -> tuple[int, dict, dict]:
    RAISED.append(error)
    return call(API)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.CustomerNotFoundError(999), 404, "customer_not_found"),
        (errors.InvalidInputError("mood 'angry'"), 422, "invalid_input"),
        (errors.CorruptArtifactError(SECRET), 503, "corrupt_artifact"),
        (errors.StoreUnavailableError(SECRET), 503, "store_unavailable"),
        (errors.SourceUnavailableError(SECRET), 503, "source_unavailable"),
        (errors.SourceSchemaError(SECRET), 503, "source_schema"),
        (errors.ConfigError("SEGUE_X", SECRET), 500, "config"),
        (ZeroDivisionError(SECRET), 500, "internal"),
    ],
)
def test_each_error_has_its_status_and_only_callers_errors_are_told(error, status, code) -> None:
    found, body, headers = call_raising(error)
    assert (found, body["status"], body["code"]) == (status, status, code)
    assert headers["content-type"] == "application/problem+json"
    assert body["request_id"] == "7f0c"
    assert ("hunter2" in json.dumps(body)) is False
    assert (str(error) in body["detail"]) is isinstance(error, errors.RequestError)
    assert ("retry-after" in headers) is (status == 503)


def missing_genre_model() -> errors.AliasNotFoundError:
    return errors.AliasNotFoundError(GENRE_PREFERENCE, "champion", SECRET, made_by(GENRE_PREFERENCE))


def test_a_missing_model_names_the_training_command() -> None:
    status, body, headers = call_raising(missing_genre_model())
    assert (status, body["error"]) == (503, "Genre model not found")
    assert "segue train genre-preference" in body["detail"]
    assert "hunter2" not in json.dumps(body)
    assert int(headers["retry-after"]) > 0


@pytest.mark.parametrize("spelled", ["12", "12.0", '"12"', '"12.0"'])
def test_a_customer_is_a_whole_number_in_any_spelling(spelled: str) -> None:
    assert call(API, path="/customer", body=f'{{"customer_id": {spelled}}}')[:2] == (200, 12)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{}", r'customer_id: required, and missing. Send for example {"customer_id": 12}'),
        ('{"customer_id": true}', "customer_id: .*got true"),
        ('{"customer_id": null}', "customer_id: .*got null"),
        ('{"customer_id": "twelve"}', 'customer_id: must be a whole number, got "twelve"'),
        ('{"customer_id": "12.5"}', 'customer_id: must be a whole number, got "12.5"'),
        ('{"customer_id": "012"}', 'customer_id: must be a whole number, got "012"'),
        ('{"customer_id": "0"}', "customer_id: must be 1 or more, got "),
        ('{"customer_id": 12.5}', "customer_id: .*got 12.5"),
        ('{"customer_id": [1]}', r"customer_id: .*got \[1\]"),
        ('{"customer_id": NaN}', "customer_id: .*got NaN"),
        ('{"customer_id": 1e999}', "customer_id: .*got Infinity"),
        ('{"customer_id": 0}', "customer_id: must be 1 or more, got 0"),
        ('{"customer_id": 9223372036854775808}', "customer_id: must be 9223372036854775807 or less, got 9"),
        (f'{{"customer_id": {"9" * 5000}}}', "customer_id: .*got Infinity"),
        ("[]", "body: send a JSON object"),
        ("", "body: send a JSON object"),
        (None, "body: send a JSON object"),
        ("{bad", "body: not valid JSON at character 1, Expecting property name"),
    ],
)
def test_bad_input_is_422_and_names_the_field(body: str | None, named: str) -> None:
    status, answer, _ = call(API, path="/customer", body=body)
    assert status == 422
    assert re.search(named, answer["detail"])


def test_unknown_paths_and_methods_are_problems_too() -> None:
    status, body, _ = call(API, path="/nope")
    assert status == 404
    assert body["detail"].startswith("POST /nope: there is no such route; docs/openapi.json lists")
    status, body, headers = call(API, method="GET")
    assert (status, body["code"], headers["allow"]) == (405, "method_not_allowed", "POST")
    assert body["detail"] == "GET /x: this route takes POST only."
