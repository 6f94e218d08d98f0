"""The cursor of a radio station; it contains the seed and an exact record of the tracks played."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segue.domain.radio.station import StationHistory, follow
from segue.domain.vector.row_set import pack_rows, unpack_rows
from segue.errors import InvalidInputError, VersionNotFoundError
from segue.serving.api.signed_cursor import MAX_CURSOR_CHARS, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.serving.api.signed_cursor import CursorKeys

_PURPOSE = "radio"
_FORMAT = 1
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class RadioState:
    """The state of a station.

    Attributes
    ----------
    kind, value : str
        Seed of the first request ("genre", "jazz"); scores are computed from it again.
    draw : int
        Seed of the random choices.
    version : str
        Version of the catalogue whose rows were played.
    n_items : int
        Size of that catalogue.
    played : StationHistory
    user_id : str
        The listener; empty if unknown.
    """

    kind: str
    value: str
    draw: int
    version: str
    n_items: int
    played: StationHistory
    user_id: str = ""


def write_cursor(state: RadioState, keys: CursorKeys, *, now_s: int) -> str | None:
    """Return the cursor of a state; None if it would exceed `MAX_CURSOR_CHARS`.

    This never happens with up to 390 000 tracks; with a million tracks it happens after 60 000 played ones.
    """
    played = state.played
    head = [
        *(_FORMAT, state.kind, state.value, state.user_id),
        *(state.draw, state.version, state.n_items, played.recent),
    ]
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    payload = len(text).to_bytes(_LENGTH_BYTES, "big") + text + pack_rows(played.rows, state.n_items)
    cursor = seal(payload, _PURPOSE, keys, now_s=now_s)
    return cursor if len(cursor) <= MAX_CURSOR_CHARS else None


def read_cursor(cursor: str, keys: CursorKeys, *, now_s: int) -> RadioState:
    """Return the state that a cursor holds.

    Raises
    ------
    InvalidInputError
        The cursor was changed, is too old, or belongs to something else or another release.
    """
    payload = unseal(cursor, _PURPOSE, keys, now_s=now_s)
    begin = _LENGTH_BYTES + int.from_bytes(payload[:_LENGTH_BYTES], "big")
    release, *head = json.loads(payload[_LENGTH_BYTES:begin])
    if release != _FORMAT:
        raise InvalidInputError("cursor: made by another release: start a new station without a cursor.")
    kind, value, user_id, draw, version, n_items, recent = head
    played = StationHistory(unpack_rows(payload[begin:], n_items), tuple(recent))
    return RadioState(kind, value, draw, version, n_items, played, user_id)


def resume(
    state: RadioState, version: str, vocabulary: Vocabulary, load_old: Callable[[str], Vocabulary]
) -> RadioState:
    """Return the state in the rows of the live catalogue; tracks of another version are found by id.

    Parameters
    ----------
    state : RadioState
    version, vocabulary
        Those of the live catalogue.
    load_old : callable
        Reads the vocabulary of an earlier version; called only if the state has another version.

    Raises
    ------
    InvalidInputError
        That version was deleted.
    """
    if state.version == version:
        return state
    try:
        old = load_old(state.version)
    except VersionNotFoundError as error:
        raise InvalidInputError(
            f"cursor: the catalogue {state.version} is gone: start a new station without a cursor."
        ) from error
    played = follow(state.played, old, vocabulary)
    return replace(state, version=version, n_items=len(vocabulary), played=played)
