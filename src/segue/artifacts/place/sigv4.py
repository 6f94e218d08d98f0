"""Sign S3 reads with AWS Signature Version 4, and find the credentials to do so, in plain standard library.

botocore does the same and more, and costs 300 ms of a cold start where this costs some 50
(docs/adr/0005-s3-reader.md); tests hold the signatures equal to botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from segue.errors import ConfigError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_REFRESH_BEFORE_S = 300.0
_LINK_LOCAL = {"127.0.0.1", "localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"}
"""Where AWS runtimes answer with credentials; a token is sent nowhere else over plain HTTP."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of an AWS principal; ``expires_s`` is seconds since the epoch, infinite for fixed keys."""

    access_key: str
    secret_key: str
    token: str | None = None
    expires_s: float = float("inf")


class CredentialSource:
    """Credentials from the environment, or from the endpoint that SnapStart functions and ECS tasks have.

    Fixed keys win. The endpoint's answer is kept until five minutes before it expires: a restored
    snapshot holds keys that ended long ago, so expiry is checked at every signature.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._kept: Credentials | None = None

    def get(self) -> Credentials:
        """Return credentials that are valid now.

        Raises
        ------
        ConfigError
            The environment names neither keys nor an endpoint.
        StoreUnavailableError
            The endpoint did not answer.
        """
        env = self._environment
        if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
            return Credentials(
                env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN")
            )
        if self._kept is None or self._kept.expires_s - time.time() < _REFRESH_BEFORE_S:
            self._kept = self._ask_endpoint()
        return self._kept

    def _ask_endpoint(self) -> Credentials:
        env = self._environment
        relative = env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        url = f"http://169.254.170.2{relative}" if relative else env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if not url:
            raise ConfigError(
                "AWS_ACCESS_KEY_ID", "no AWS credentials: set keys, or run under a role (Lambda, ECS)."
            )
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LINK_LOCAL:
            raise ConfigError("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{parts.netloc} is not a local address.")
        token = env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=2)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            connection.request("GET", path, headers={"Authorization": token} if token else {})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.HTTPStatus.OK:
                raise StoreUnavailableError(f"the credentials endpoint answered {answer.status}")
            return _parse_credentials(body)
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnavailableError(f"the credentials endpoint did not answer: {error}") from error
        finally:
            connection.close()


def _parse_credentials(body: bytes) -> Credentials:
    try:
        raw = json.loads(body)
        expires_at = datetime.fromisoformat(raw["Expiration"])
        return Credentials(
            raw["AccessKeyId"], raw["SecretAccessKey"], raw.get("Token"), expires_at.timestamp()
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnavailableError(f"the credentials endpoint's answer lacks {error}") from error


def sign_get(
    host: str, path: str, headers: Mapping[str, str], *, region: str, keys: Credentials, at: datetime
) -> dict[str, str]:
    """Return the headers of a signed ``GET https://host/path`` to S3 (AWS Signature Version 4).

    Parameters
    ----------
    host : str
        With the port if it is not the scheme's own, as the Host header will have it.
    path : str
        The path as sent, percent-encoded by `quote_key`; no query.
    headers : mapping
        Further headers to send and sign, lower-case names.
    at : datetime
        The instant of signing, aware; S3 allows 15 minutes of difference.
    """
    now = at.astimezone(UTC)
    signed = {
        **headers,
        "host": host,
        "x-amz-content-sha256": EMPTY_SHA256,
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        **({"x-amz-security-token": keys.token} if keys.token else {}),
    }
    names = sorted(signed)
    canonical = "\n".join(
        [
            "GET",
            path,
            "",
            *(f"{name}:{' '.join(signed[name].split())}" for name in names),
            "",
            ";".join(names),
            EMPTY_SHA256,
        ]
    )
    scope = f"{now:%Y%m%d}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = f"AWS4-HMAC-SHA256\n{signed['x-amz-date']}\n{scope}\n{digest}"
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return {**signed, "authorization": authorization}


def quote_key(key: str) -> str:
    """Percent-encode an object key for a path, as S3 encodes it when it checks the signature."""
    return quote(key, safe="/-_.~")
