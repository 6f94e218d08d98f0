"""Secrets from Secrets Manager: the store's address and password, and the keys that sign cursors."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

from segue.aws.client import AwsClient, Limits, RefusedError
from segue.aws.credentials import NoAnswerError
from segue.aws.environment import aws_environment
from segue.errors import ConfigError

_PORT = 5432
_KEPT_S = 300.0
# Without an endpoint in the VPC nothing answers: say so before the function's time is over.
_LIMITS = Limits(2, 3.0)
_kept: dict[str, tuple[str, float]] = {}


def read_cursor_secret(arn: str) -> str:
    """Return ``ID:HEX,…`` from a secret that holds a JSON object of them, kept for five minutes.

    Raises
    ------
    ConfigError
        The secret cannot be read, or is no such object; its content is never shown.
    """
    variable = "SEGUE_CURSOR_SECRET"
    try:
        return ",".join(f"{name}:{key}" for name, key in json.loads(_read(variable, arn)).items())
    except (ValueError, AttributeError):
        raise ConfigError(variable, f"{arn} does not hold a JSON object of ID and HEX.") from None


def read_store_secret(arn: str, *, host: str = "", database: str = "", fresh: bool = False) -> str:
    """Return a PostgreSQL URL from a secret that holds one, or the JSON that RDS writes.

    A secret that RDS manages itself holds user and password only: ``host`` and ``database`` add the
    rest. From JSON the connection is encrypted, or refused. The secret is kept for five minutes,
    unless ``fresh`` asks Secrets Manager again.

    Raises
    ------
    ConfigError
        The secret cannot be read, or is of neither form; its content is never shown.
    """
    text = _read("SEGUE_STORE_SECRET", arn, fresh=fresh)
    if text.startswith(("postgresql://", "postgres://")):
        return text
    try:
        raw = {"host": host, "dbname": database, "port": _PORT} | json.loads(text)
        user, password = quote(raw["username"], safe=""), quote(raw["password"], safe="")
        place = f"{raw['host']}:{raw['port']}/{quote(raw['dbname'], safe='')}"
    except (ValueError, KeyError, TypeError):
        wanted = "a postgresql:// URL or JSON with username, password, host and dbname"
        raise ConfigError("SEGUE_STORE_SECRET", f"{arn} does not hold {wanted}.") from None
    if not (raw["host"] and raw["dbname"]):
        missing = "SEGUE_STORE_DATABASE" if raw["host"] else "SEGUE_STORE_HOST"
        raise ConfigError(missing, f"not set, and {arn} does not say it either.")
    return f"postgresql://{user}:{password}@{place}?sslmode=require"


def _read(variable: str, arn: str, *, fresh: bool = False) -> str:
    text, until_s = _kept.get(arn, ("", 0.0))
    if fresh or time.time() >= until_s:  # by the wall clock: a restored snapshot may be weeks old
        client = AwsClient("secretsmanager", aws_environment(), _LIMITS)
        try:
            answer = client.call("secretsmanager.GetSecretValue", {"SecretId": arn}, "1.1")
            text = answer["SecretString"]
        except (RefusedError, NoAnswerError, KeyError) as error:
            raise ConfigError(variable, f"cannot read {arn}, {error}: see the function's policy.") from error
        _kept[arn] = text, time.time() + _KEPT_S
    return text
