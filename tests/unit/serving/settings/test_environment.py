"""Settings fail at INIT and name the variable."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from segue.errors import ConfigError
from segue.serving.settings import environment as settings
from segue.serving.settings.environment import (
    ArtifactSettings,
    cursor_keys,
    find_store,
    import_limits,
    store_location,
)

DOCS = Path(__file__).parents[4] / "docs" / "settings.md"


@pytest.mark.parametrize(
    ("given", "in_background"),
    [({}, True), ({"SEGUE_REFRESH_TTL_S": "0"}, False), ({"AWS_LAMBDA_FUNCTION_NAME": "f"}, False)],
)
def test_a_thread_looks_at_what_is_live_where_threads_go_on_after_an_answer(given, in_background) -> None:
    found = ArtifactSettings.from_environment({"SEGUE_ARTIFACTS": "folder", **given})
    assert found.in_background is in_background


def test_defaults() -> None:
    found = ArtifactSettings.from_environment({"SEGUE_ARTIFACTS": "s3://b/p"})
    assert (found.location, found.cache, found.refresh_ttl_s) == ("s3://b/p", Path("/tmp/segue"), 60.0)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "SEGUE_ARTIFACTS: not set"),
        ({"SEGUE_ARTIFACTS": "x", "SEGUE_REFRESH_TTL_S": "soon"}, "SEGUE_REFRESH_TTL_S: 'soon' is not"),
        ({"SEGUE_ARTIFACTS": "x", "SEGUE_REFRESH_TTL_S": "nan"}, "SEGUE_REFRESH_TTL_S: 'nan' must be"),
        ({"SEGUE_ARTIFACTS": "x", "SEGUE_REFRESH_TTL_S": "-1"}, "SEGUE_REFRESH_TTL_S: '-1' must be"),
    ],
)
def test_a_wrong_variable_names_itself(environment: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(named)):
        ArtifactSettings.from_environment(environment)


def test_the_bounds_of_an_import_are_settings() -> None:
    assert import_limits({}) == (5_000_000, 720.0)
    assert import_limits({"SEGUE_IMPORT_ROWS": "10", "SEGUE_IMPORT_SECONDS": "0.5"}) == (10, 0.5)
    with pytest.raises(ConfigError, match="'many' is not a number of rows"):
        import_limits({"SEGUE_IMPORT_ROWS": "many"})


def test_the_store_is_named_directly_or_by_a_secret() -> None:
    assert store_location({"SEGUE_STORE": "a.sqlite", "SEGUE_STORE_SECRET": "arn"}) == "a.sqlite"
    with pytest.raises(ConfigError, match="SEGUE_STORE: not set"):
        store_location({})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:p@h/d"),
        (
            '{"username": "u", "password": "p@/ss", "host": "h", "port": 5433, "dbname": "d"}',
            "postgresql://u:p%40%2Fss@h:5433/d?sslmode=require",
        ),
    ],
)
def test_secrets_hold_a_url_or_what_rds_writes(
    text: str, url: str, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name=f"store-{hash(text)}", SecretString=text)["ARN"]
    assert store_location({"SEGUE_STORE_SECRET": arn}) == url


def test_a_secret_that_rds_manages_is_completed_by_settings(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="managed", SecretString='{"username": "u", "password": "p"}')["ARN"]
    place = {"SEGUE_STORE_HOST": "h", "SEGUE_STORE_DATABASE": "d"}
    assert store_location({"SEGUE_STORE_SECRET": arn, **place}) == "postgresql://u:p@h:5432/d?sslmode=require"
    with pytest.raises(ConfigError, match="SEGUE_STORE_HOST: not set"):
        store_location({"SEGUE_STORE_SECRET": arn})


@pytest.mark.parametrize(
    ("given", "artifacts", "environment", "found"),
    [
        ("mine.sqlite", "s3://b/p", {}, "mine.sqlite"),
        ("", "s3://b/p", {"SEGUE_STORE": "named.sqlite"}, "named.sqlite"),
        ("", "var/artifacts", {}, settings.DEFAULT_STORE),
    ],
)
def test_commands_read_the_store_that_is_named(given, artifacts, environment, found) -> None:
    assert find_store(given, artifacts, environment) == found


def test_the_sample_is_never_published_to_s3_by_default() -> None:
    with pytest.raises(ConfigError, match="SEGUE_STORE: not set; s3://b/p is not for the sample"):
        find_store("", "s3://b/p", {})


def test_a_rotated_secret_is_seen_when_asked_for_fresh(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="rotated", SecretString="postgresql://old")["ARN"]
    assert store_location({"SEGUE_STORE_SECRET": arn}) == "postgresql://old"
    client.put_secret_value(SecretId=arn, SecretString="postgresql://new")
    assert store_location({"SEGUE_STORE_SECRET": arn}) == "postgresql://old"
    assert store_location({"SEGUE_STORE_SECRET": arn}, fresh=True) == "postgresql://new"


def test_a_secret_that_is_neither_is_not_shown(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    arn = boto3.client("secretsmanager").create_secret(Name="odd", SecretString="hunter2")["ARN"]
    with pytest.raises(ConfigError, match="does not hold") as caught:
        store_location({"SEGUE_STORE_SECRET": arn})
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot read"):
        store_location({"SEGUE_STORE_SECRET": f"{arn}-absent"})


def test_every_setting_is_documented() -> None:
    names = set(re.findall(r'"(SEGUE_[A-Z_]+)"', Path(settings.__file__).read_text(encoding="utf-8")))
    documented = set(re.findall(r"`(SEGUE_[A-Z_]+)`", DOCS.read_text(encoding="utf-8")))
    assert names <= documented


KEY = "5e" * 32


def test_cursor_keys_are_given_or_read_from_a_secret(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    text = json.dumps({"new": KEY, "old": KEY[::-1]})
    arn = boto3.client("secretsmanager").create_secret(Name="cursor-keys", SecretString=text)["ARN"]
    found = cursor_keys({"SEGUE_CURSOR_SECRET": arn})
    assert list(found.secrets) == ["new", "old"]
    assert cursor_keys({"SEGUE_CURSOR_KEYS": f"a:{KEY}", "SEGUE_CURSOR_SECRET": arn}).secrets.keys() == {"a"}


@pytest.mark.parametrize("text", ["", "[]", "7", '{"new": "short"}', '{"new": 7}', KEY])
def test_a_secret_without_cursor_keys_is_named_and_never_shown(
    text: str, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name=f"cursor-{hash(text)}", SecretString=text or " ")["ARN"]
    with pytest.raises(ConfigError, match="SEGUE_CURSOR_SECRET: ") as raised:
        cursor_keys({"SEGUE_CURSOR_SECRET": arn})
    assert KEY not in str(raised.value)


def test_without_cursor_keys_the_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="SEGUE_CURSOR_KEYS: not set"):
        cursor_keys({})
