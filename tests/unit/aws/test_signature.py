"""Signatures equal botocore's, for S3, for links to it, for DynamoDB and for Secrets Manager."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from segue.aws.credentials import Credentials
from segue.aws.signature import Service, SignedRequest, quote_key, sign_headers, sign_query, write_query

keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
words = st.text("abcXYZ019 -_/+=\"'", max_size=20)
secrets = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789/+", min_size=1, max_size=40)
hosts = st.sampled_from(
    ["s3.eu-central-1.amazonaws.com", "bucket.s3.cn-north-1.amazonaws.com.cn", "127.0.0.1:5000"]
)
headers = st.dictionaries(st.sampled_from(["if-none-match", "range", "x-amz-request-payer"]), words)
regions = st.sampled_from(["eu-central-1", "us-east-1", "cn-north-1"])
instants = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def botocores(signer: SigV4Auth, request: AWSRequest, at: datetime) -> AWSRequest:
    """Sign as botocore does, at the instant that a test chose."""
    request.context["timestamp"] = stamp = f"{at:%Y%m%dT%H%M%SZ}"
    if not isinstance(signer, S3SigV4QueryAuth):
        request.headers["X-Amz-Date"] = stamp
    signer._modify_request_before_signing(request)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(to_sign, request))
    return request


@given(
    method=st.sampled_from(["GET", "PUT", "DELETE"]),
    key=keys,
    host=hosts,
    more=headers,
    query=st.dictionaries(st.sampled_from(["prefix", "list-type", "continuation-token"]), keys),
    body=st.binary(max_size=20),
    signing=st.tuples(secrets, st.none() | secrets, regions, instants),
)
def test_requests_to_s3_are_signed_as_botocore_does(method, key, host, more, query, body, signing) -> None:
    secret, token, region, at = signing
    path, text = quote_key(f"/bucket/{key}"), write_query(query)
    ours = sign_headers(
        SignedRequest(method, host, path, more, text, hashlib.sha256(body).hexdigest()),
        Service("s3", region),
        Credentials("AKID", secret, token),
        at,
    )
    # Over plain HTTP, where botocore signs the body too.
    request = AWSRequest(method, f"http://{host}{path}?{text}", headers=more, data=body)
    request.headers["host"] = host
    signer = S3SigV4Auth(BotoCredentials("AKID", secret, token), "s3", region)
    assert ours["authorization"] == botocores(signer, request, at).headers["Authorization"]


@given(
    call=st.sampled_from(
        [
            ("dynamodb", "1.0", "DynamoDB_20120810.PutItem"),
            ("dynamodb", "1.0", "DynamoDB_20120810.Query"),
            ("secretsmanager", "1.1", "secretsmanager.GetSecretValue"),
        ]
    ),
    body=st.binary(max_size=50),
    signing=st.tuples(secrets, st.none() | secrets, regions, instants),
)
def test_calls_of_json_services_are_signed_as_botocore_does(call, body, signing) -> None:
    (service, version, target), (secret, token, region, at) = call, signing
    host = f"{service}.{region}.amazonaws.com"
    more = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": target}
    ours = sign_headers(
        SignedRequest("POST", host, "/", more, "", hashlib.sha256(body).hexdigest()),
        Service(service, region),
        Credentials("AKID", secret, token),
        at,
    )
    request = AWSRequest("POST", f"https://{host}/", headers=more, data=body)
    request.headers["host"] = host
    signer = SigV4Auth(BotoCredentials("AKID", secret, token), service, region)
    assert ours["authorization"] == botocores(signer, request, at).headers["Authorization"]


@given(
    key=keys,
    host=hosts,
    size=st.integers(0, 10**12),
    expires_s=st.integers(1, 604_800),
    signing=st.tuples(secrets, st.none() | secrets, regions, instants),
)
def test_links_are_signed_as_botocore_does(key, host, size, expires_s, signing) -> None:
    secret, token, region, at = signing
    path, more = quote_key(f"/bucket/{key}"), {"content-length": str(size)}
    ours = sign_query(
        SignedRequest("PUT", host, path, more),
        Service("s3", region),
        Credentials("AKID", secret, token),
        at,
        expires_s,
    )
    request = AWSRequest("PUT", f"https://{host}{path}", headers=more)
    request.headers["host"] = host
    signer = S3SigV4QueryAuth(BotoCredentials("AKID", secret, token), "s3", region, expires_s)
    theirs = botocores(signer, request, at)
    assert parse_qs(ours) == parse_qs(theirs.url.partition("?")[2])


@pytest.mark.parametrize(
    ("key", "path"),
    [("a b", "a%20b"), ("ü", "%C3%BC"), ("a/b", "a/b"), ("~-_.", "~-_."), ("+=&?#%", "%2B%3D%26%3F%23%25")],
)
def test_keys_are_encoded_as_s3_does(key: str, path: str) -> None:
    assert quote_key(key) == path
