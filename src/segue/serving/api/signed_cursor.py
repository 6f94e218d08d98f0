"""Signed cursors: what a client hands back unchanged, so that the server keeps nothing between calls.

A cursor is ``key id . base64url(issued at, payload, MAC)``. The MAC is HMAC-SHA256 (RFC 2104), cut to 128
bits, of the key id, what the cursor is for, and the rest: no bit of it can be changed, and a cursor of one
route is no cursor of another. It is signed, not secret: a client can read the payload.

Keys have ids so that they can be changed: put the new one first, and drop the old one when its last
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
"""A week: shorter than the time for which superseded versions of a model are kept."""
MAX_CURSOR_CHARS = 65_536

_KEY = re.compile(r"([A-Za-z0-9_-]{1,16}):([0-9a-fA-F]{64,})")
_TIME_BYTES = 6
_MAC_BYTES = 16
_NEW_ONE = "begin anew without a cursor."


@dataclass(frozen=True, slots=True)
class CursorKeys:
    """Secrets by key id, in order: the first one signs, all of them are accepted."""

    secrets: Mapping[str, bytes] = field(repr=False)


def read_keys(variable: str, text: str) -> CursorKeys:
    """Read keys as a setting holds them: ``id:hex`` of at least 32 bytes each, with commas between.

    Raises
    ------
    ConfigError
        The text is of another form; it names the variable and never shows the secret.
    """
    found = [_KEY.fullmatch(part.strip()) for part in text.split(",")]
    keys = {match[1]: bytes.fromhex(match[2][: len(match[2]) // 2 * 2]) for match in found if match}
    if len(keys) < len(found):
        raise ConfigError(variable, "give ID:HEX,… with 64 hex digits or more, and each ID once.")
    return CursorKeys(keys)


def seal(payload: bytes, purpose: str, keys: CursorKeys, *, now_s: int) -> str:
    """Return the signed cursor: 4/3 of the payload's bytes and 30 characters more, safe in URLs and JSON."""
    key_id, secret = next(iter(keys.secrets.items()))
    body = now_s.to_bytes(_TIME_BYTES, "big") + payload
    return f"{key_id}.{_base64(body + _mac(secret, key_id, purpose, body))}"


def unseal(cursor: str, purpose: str, keys: CursorKeys, *, now_s: int) -> bytes:
    """Return the payload of a cursor that `seal` made with one of the keys, for the same purpose.

    Raises
    ------
    InvalidInputError
        It was changed, was made for something else or elsewhere, or is older than `LIFETIME_S`: begin anew
        without a cursor.
    """
    key_id, _, text = cursor[:MAX_CURSOR_CHARS].partition(".")
    secret = keys.secrets.get(key_id)
    if secret is None:
        raise InvalidInputError(f"cursor: not one of ours, or its key was withdrawn: {_NEW_ONE}")
    data = _decoded(text)
    body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, key_id, purpose, body)):
        raise InvalidInputError(f"cursor: its signature is wrong. Send it back unchanged, or {_NEW_ONE}")
    if now_s - int.from_bytes(body[:_TIME_BYTES], "big") > LIFETIME_S:
        raise InvalidInputError(f"cursor: older than {LIFETIME_S // 86_400} days: {_NEW_ONE}")
    return body[_TIME_BYTES:]


def _mac(secret: bytes, key_id: str, purpose: str, body: bytes) -> bytes:
    # NUL is in neither name, so no two triples are the same text.
    text = f"{key_id}\0{purpose}\0".encode() + body
    return hmac.digest(secret, text, hashlib.sha256)[:_MAC_BYTES]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Empty for anything but our own base64: its last character has bits that decoding does not look at."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: a character outside ASCII
        return b""
    return data if _base64(data) == text else b""
