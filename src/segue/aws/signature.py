"""AWS Signature Version 4: the headers or the query that prove who sends a request.

botocore does the same and more, and doubles a cold start (docs/adr/0013-own-aws-client.md). Tests compare
the signatures with botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from segue.aws.credentials import Credentials

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Body hash of a link: the signer does not know the body."""

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What is signed of a request.

    Attributes
    ----------
    host : str
        The Host header: with the port if it is not the scheme's own.
    path : str
        The path as sent, percent-encoded by `quote_key`.
    headers : mapping
        Further headers to sign, lower-case names.
    query : str
        The query as sent, made by `write_query`.
    body_sha256 : str
        SHA-256 of the body in hex digits, or `UNSIGNED`.
    """

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    query: str = ""
    body_sha256: str = EMPTY_SHA256


@dataclass(frozen=True, slots=True)
class Service:
    """The service and Region that a signature is valid for."""

    name: str
    region: str


def sign_headers(request: SignedRequest, service: Service, keys: Credentials, at: datetime) -> dict[str, str]:
    """Return all headers of the request, Authorization included.

    ``at`` is the instant of signing, aware; AWS allows 15 minutes of difference.
    """
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    signed = {**request.headers, "host": request.host, "x-amz-date": stamp}
    if service.name == "s3":
        signed["x-amz-content-sha256"] = request.body_sha256
    if keys.token:
        signed["x-amz-security-token"] = keys.token
    scope, signature = _sign(replace(request, headers=signed), service, keys, stamp)
    authorization = (
        f"{_ALGORITHM} Credential={keys.access_key}/{scope}, "
        f"SignedHeaders={_names(signed)}, Signature={signature}"
    )
    return {**signed, "authorization": authorization}


def sign_query(
    request: SignedRequest, service: Service, keys: Credentials, at: datetime, expires_s: int
) -> str:
    """Return the query of a link, with which anybody may send the request for ``expires_s`` seconds."""
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    headers = {**request.headers, "host": request.host}
    query = write_query(
        {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{keys.access_key}/{_scope(service, stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(expires_s),
            "X-Amz-SignedHeaders": _names(headers),
            **({"X-Amz-Security-Token": keys.token} if keys.token else {}),
        }
    )
    linked = replace(request, headers=headers, query=query, body_sha256=UNSIGNED)
    return f"{query}&X-Amz-Signature={_sign(linked, service, keys, stamp)[1]}"


def quote_key(key: str) -> str:
    """Percent-encode an object key for a path, as S3 encodes it when it checks the signature."""
    return quote(key, safe="/-_.~")


def write_query(values: Mapping[str, str]) -> str:
    """Return a query as a signature needs it: sorted by name, percent-encoded."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(values.items())
    )


def _sign(request: SignedRequest, service: Service, keys: Credentials, stamp: str) -> tuple[str, str]:
    canonical = "\n".join(
        [
            request.method,
            request.path,
            request.query,
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in sorted(request.headers)),
            "",
            _names(request.headers),
            request.body_sha256,
        ]
    )
    scope = _scope(service, stamp)
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    return scope, hmac.digest(key, to_sign.encode(), "sha256").hex()


def _scope(service: Service, stamp: str) -> str:
    return f"{stamp[:8]}/{service.region}/{service.name}/aws4_request"


def _names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(headers))
