"""The event lake: every accepted request of feedback as one object of JSON lines, for training and audits.

``events/dt=2026-11-21/<digest>.jsonl`` is named after the day of acceptance and the ids it holds, so that
a request that is sent again writes the same object. What was sent again on another day, or in another
batch, is in the lake twice: reading drops it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from segue.domain.event import Event, EventKind
from segue.domain.external_id import read_id
from segue.domain.moment import EARLIEST
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LAKE_PREFIX = "events/"
_SUFFIX = ".jsonl"
_TEXTS = ("user_id", "track_id", "event", "at", "event_id", "context")


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line that holds no event: ``number`` counts from 1."""

    key: str
    number: int
    why: str


@dataclass(slots=True)
class LakeAccount:
    """What became of every line while `read_events` went on."""

    read: int = 0
    repeated: int = 0
    damaged: list[DamagedLine] = field(default_factory=list)


def lake_key(events: Iterable[Event], accepted_at: datetime) -> str:
    """Return where the events of one request are kept; the order of ``events`` does not matter."""
    digest = blake2b(digest_size=16)
    for part in sorted(_digest(event) for event in events):
        digest.update(part)
    return f"{LAKE_PREFIX}dt={accepted_at:%Y-%m-%d}/{digest.hexdigest()}{_SUFFIX}"


def write_lines(events: Sequence[Event]) -> bytes:
    """Return the events as JSON lines in UTF-8."""
    return b"".join(_encode(event) for event in events)


def read_events(objects: Iterable[tuple[str, bytes]], account: LakeAccount) -> Iterator[Event]:
    """Yield every event of the lake once; what comes again under one user and id is left out.

    Parameters
    ----------
    objects : iterable of (key, content)
        As `segue.artifacts.listing.read_all` yields them under `LAKE_PREFIX`; of other objects than
        JSON lines nothing is read.
    account : LakeAccount
        Counts what was read, repeated and damaged.
    """
    seen: set[bytes] = set()  # 16 bytes an event instead of two strings: a lake is large
    for key, content in objects:
        for number, line in enumerate(content.splitlines() if key.endswith(_SUFFIX) else (), 1):
            try:
                event = _decode(line)
            except (ValueError, TypeError, KeyError, RecursionError, InvalidInputError) as error:
                account.damaged.append(DamagedLine(key, number, f"{type(error).__name__}: {error}"))
                continue
            if (identity := _digest(event)) in seen:
                account.repeated += 1
                continue
            seen.add(identity)
            account.read += 1
            yield event


def _digest(event: Event) -> bytes:
    identity = json.dumps([event.user_id, event.event_id])
    return blake2b(identity.encode(), digest_size=16).digest()


def _encode(event: Event) -> bytes:
    fields = {
        "event_id": event.event_id,
        "user_id": event.user_id,
        "track_id": event.track_id,
        "event": event.kind.value,
        "at": event.at.isoformat(),
        "ms_played": event.ms_played,
        "context": event.context,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _decode(line: bytes) -> Event:
    fields: dict[str, Any] = json.loads(line)
    ms_played = fields["ms_played"]
    if not all(isinstance(fields[name], str) for name in _TEXTS) or type(ms_played) not in {int, type(None)}:
        raise TypeError("a field is of the wrong type")
    if (at := datetime.fromisoformat(fields["at"])) < EARLIEST:
        raise InvalidInputError(f"{fields['at']} lies before {EARLIEST:%Y}")
    return Event(
        read_id(fields["user_id"], "user_id"),
        read_id(fields["track_id"], "track_id"),
        EventKind(fields["event"]),
        at,
        fields["event_id"],
        ms_played,
        fields["context"],
    )
