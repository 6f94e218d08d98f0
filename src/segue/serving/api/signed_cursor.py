"""Signed cursors: a client sends them back unchanged, so that the server keeps no state between calls.

A cursor is ``key id . base64url(issued at, payload, MAC)``. The MAC is HMAC-SHA256 (RFC 2104), cut to 128
bits, over the key id, the purpose, the time and the payload. So no bit can be changed, and a cursor of one
route is not valid on another. A cursor is signed but not secret: a client can read the payload.

Keys have ids so that they can be replaced: put the new key first, and remove the old key when its last
cursors have expired.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.errors import ConfigError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFETIME_S = 7 * 24 * 3600
"""Lifetime of a cursor; it is shorter than the time for which earlier model versions are kept."""
MAX_CURSOR_CHARS = 65_536

_KEY = re.compile(r"([A-Za-z0-9_-]{1,16}):([0-9a-fA-F]{64,})")
_TIME_BYTES = 6
_MAC_BYTES = 16
_START_AGAIN = "start again without a cursor."


@dataclass(frozen=True, slots=True)
class CursorKeys:
    """Secrets by key id, in order; the first key signs, and all keys are accepted."""

    secrets: Mapping[str, bytes] = field(repr=False)


def read_keys(variable: str, text: str) -> CursorKeys:
    """Read keys from a setting: ``id:hex`` of at least 32 bytes each, separated by commas.

    Raises
    ------
    ConfigError
        The text has another form; the message names the variable and does not show the secret.
    """
    matches = [_KEY.fullmatch(part.strip()) for part in text.split(",")]
    keys = {match[1]: bytes.fromhex(match[2][: len(match[2]) // 2 * 2]) for match in matches if match}
    if len(keys) < len(matches):
        raise ConfigError(variable, "give ID:HEX,… with 64 hex digits or more, and each ID once.")
    return CursorKeys(keys)


def seal(payload: bytes, purpose: str, keys: CursorKeys, *, now_s: int) -> str:
    """Return the signed cursor, safe in URLs and JSON; its length is 4/3 of the payload plus 30."""
    key_id, secret = next(iter(keys.secrets.items()))
    body = now_s.to_bytes(_TIME_BYTES, "big") + payload
    return f"{key_id}.{_base64(body + _mac(secret, key_id, purpose, body))}"


def unseal(cursor: str, purpose: str, keys: CursorKeys, *, now_s: int) -> bytes:
    """Return the payload of a cursor that `seal` made with one of the keys, for the same purpose.

    Raises
    ------
    InvalidInputError
        The cursor was changed, was made for another purpose or with another key, or is older than
        `LIFETIME_S`.
    """
    key_id, _, text = cursor[:MAX_CURSOR_CHARS].partition(".")
    secret = keys.secrets.get(key_id)
    if secret is None:
        raise InvalidInputError(f"cursor: not made by this service, or its key was removed: {_START_AGAIN}")
    data = _decoded(text)
    body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, key_id, purpose, body)):
        raise InvalidInputError(f"cursor: its signature is wrong. Send it back unchanged, or {_START_AGAIN}")
    if now_s - int.from_bytes(body[:_TIME_BYTES], "big") > LIFETIME_S:
        raise InvalidInputError(f"cursor: older than {LIFETIME_S // 86_400} days: {_START_AGAIN}")
    return body[_TIME_BYTES:]


def _mac(secret: bytes, key_id: str, purpose: str, body: bytes) -> bytes:
    # Neither name contains NUL, so that two different triples never give the same text.
    text = f"{key_id}\0{purpose}\0".encode() + body
    return hmac.digest(secret, text, hashlib.sha256)[:_MAC_BYTES]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Decode base64; empty if encoding does not give the same text, as decoding ignores some last bits."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: a character outside ASCII
        return b""
    return data if _base64(data) == text else b""
