"""Find the credentials that requests to AWS are signed with."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFRESH_BEFORE_S = 300.0
_LINK_LOCAL = {"127.0.0.1", "localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"}
"""Where AWS runtimes answer with credentials; a token is sent nowhere else over plain HTTP."""


class NoAnswerError(Exception):
    """AWS did not answer, or not in a form that can be read; the message says what happened."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of an AWS principal; ``expires_s`` is seconds since the epoch, infinite for fixed keys."""

    access_key: str
    secret_key: str
    token: str | None = None
    expires_s: float = float("inf")


class CredentialSource:
    """Credentials from the environment, from a runtime's endpoint, or from a person's profile.

    Keys in the environment win: Lambda sets them. SnapStart functions and ECS tasks have an endpoint instead.
    Its answer is kept until five minutes before it expires. A restored snapshot holds keys that ended long
    ago, so expiry is checked at every signature. Where the environment has neither, botocore looks for a
    profile, single sign-on or an instance role.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._kept: Credentials | None = None

    def get(self) -> Credentials:
        """Return credentials that are valid now.

        Raises
        ------
        ConfigError
            There are no credentials.
        NoAnswerError
            The endpoint did not answer.
        """
        env = self._environment
        if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
            return Credentials(
                env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN")
            )
        if self._kept is None or self._kept.expires_s - time.time() < _REFRESH_BEFORE_S:
            self._kept = self._find()
        return self._kept

    def _find(self) -> Credentials:
        relative = self._environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        full = self._environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if relative or full:
            return self._ask_endpoint(f"http://169.254.170.2{relative}" if relative else full or "")
        from segue.aws.profile import find_credentials  # botocore is slow to import

        return find_credentials()

    def _ask_endpoint(self, url: str) -> Credentials:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LINK_LOCAL:
            raise ConfigError("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{parts.netloc} is not a local address.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=2)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            token = self._token()
            connection.request("GET", path, headers={"Authorization": token} if token else {})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.HTTPStatus.OK:
                raise NoAnswerError(f"the credentials endpoint answered {answer.status}")
            return _parse(body)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"the credentials endpoint did not answer: {error}") from error
        finally:
            connection.close()

    def _token(self) -> str | None:
        file = self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        if file:  # renewed from time to time, so read each time
            return Path(file).read_text(encoding="ascii").strip()
        return self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")


def _parse(body: bytes) -> Credentials:
    try:
        raw = json.loads(body)
        expires_at = datetime.fromisoformat(raw["Expiration"])
        return Credentials(
            raw["AccessKeyId"], raw["SecretAccessKey"], raw.get("Token"), expires_at.timestamp()
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NoAnswerError(f"the credentials endpoint's answer lacks {error}") from error
