"""Defines the valid ids of listeners and tracks: one rule for requests, files, exports and the lake."""

from __future__ import annotations

import re

from segue.errors import InvalidInputError

LONGEST_ID = 200
"""Maximum number of characters of an id: an array of ids is as wide as its longest id."""

MISSING = frozenset(
    {"", "?", "-", "-1", "-1.0", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "empty_field"}
)
"""Words, in lower case, that people and programs write for a missing value."""

WHOLE_NUMBER = re.compile(r"(0|[1-9]\d{0,14})\.0+")
"""Matches a whole number that a program saved as a decimal one."""

SPOTIFY_TRACK = re.compile(
    r"(?:spotify:track:|(?:https?://)?open\.spotify\.com/(?:intl-\w+/)?track/)([A-Za-z0-9]{22})(?:[?#]\S*)?"
)
"""Matches the URI or the web address of a Spotify track; group 1 is the track's id."""

CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPOTIFY_LENGTH = 22
_SHOWN = 40
"""Number of characters of a refused id that a message shows."""


def read_id(value: object, name: str = "id") -> str:
    """Return the id that a value names: text as it is, a whole number as its digits, and ``3.0`` as ``3``.

    The URI or the web address of a Spotify track names the track's id.

    Parameters
    ----------
    name : str
        Name of the value in the message.

    Raises
    ------
    InvalidInputError
        The value is neither text nor a whole number, or `id_fault` finds a fault: send another id.
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidInputError(f"{name}: must be a text or a whole number, got {str(value)[:_SHOWN]}.")
    text = str(value)
    if named := WHOLE_NUMBER.fullmatch(text) or SPOTIFY_TRACK.fullmatch(text):
        return named[1]
    if fault := id_fault(text):
        raise InvalidInputError(f"{name}: {fault}, got {text[:_SHOWN]!r}.")
    return text


def id_fault(text: str) -> str:
    """Return the rule that ``text`` breaks, such as "must not be empty"; empty for a valid id."""
    if not text:
        return "must not be empty"
    if len(text) > LONGEST_ID:
        return f"must have {LONGEST_ID} characters or fewer"
    if CONTROL.search(text):
        return "must not hold a control character"
    if text != text.strip():
        return "must not begin or end with a blank"
    if text.lower() in MISSING:
        return "must not be a word for a missing value, such as NA or null"
    return ""


def other_spelling(text: str) -> str:
    """Return the URI for a Spotify id, and the id for a URI; empty for any other text."""
    if len(text) == _SPOTIFY_LENGTH and text.isascii() and text.isalnum():
        return f"spotify:track:{text}"
    uri = SPOTIFY_TRACK.fullmatch(text)
    return uri[1] if uri else ""
