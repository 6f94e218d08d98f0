"""The store's address and password, from Secrets Manager."""

from __future__ import annotations

import json
from urllib.parse import quote

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from segue.errors import ConfigError

_PORT = 5432


def read_store_secret(arn: str, *, fresh: bool = False) -> str:
    """Return a PostgreSQL URL from a secret that holds one, or the JSON that RDS writes.

    It is kept for five minutes, unless ``fresh`` asks Secrets Manager again.

    Raises
    ------
    ConfigError
        The secret cannot be read, or is of neither form; its content is never shown.
    """
    try:
        text = str(parameters.get_secret(arn, force_fetch=fresh))
    except GetParameterError as error:
        raise ConfigError("SEGUE_STORE_SECRET", f"cannot read {arn}: see the function's policy.") from error
    if text.startswith(("postgresql://", "postgres://")):
        return text
    try:
        raw = json.loads(text)
        user, password = quote(raw["username"], safe=""), quote(raw["password"], safe="")
        return f"postgresql://{user}:{password}@{raw['host']}:{raw.get('port', _PORT)}/{raw['dbname']}"
    except (ValueError, KeyError, TypeError):
        wanted = "a postgresql:// URL or JSON with username, password, host and dbname"
        raise ConfigError("SEGUE_STORE_SECRET", f"{arn} does not hold {wanted}.") from None
