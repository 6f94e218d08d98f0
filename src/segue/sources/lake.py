"""The event lake: each accepted feedback request is one object of JSON lines, for training and audits.

The name ``events/dt=2026-11-21/<digest>.jsonl`` depends on the day of acceptance and on the event ids, so a
repeated request writes the same object. An event that is sent again on another day, or in another batch, is
in the lake twice, and the reader drops the repetition. Blocks and ignores are in their own folder under
``events/`` because they never expire: a deployed lake deletes objects under ``events/dt=`` after some years.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from segue.domain.catalogue.external_id import read_id
from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, Target
from segue.domain.listening.feedback import AnswerEvent, AnswerEventKind
from segue.domain.listening.moment import EARLIEST
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from segue.domain.listening.feedback import Feedback

LAKE_PREFIX = "events/"
EXCLUSION_PREFIX = f"{LAKE_PREFIX}exclusions/"
_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class DamagedLine:
    """A line that is not an event; ``number`` counts from 1."""

    key: str
    number: int
    why: str


@dataclass(slots=True)
class LakeAccount:
    """Counts of the lines that `read_feedback` read, skipped as repeated, and found damaged."""

    read: int = 0
    repeated: int = 0
    damaged: list[DamagedLine] = field(default_factory=list)


def lake_objects(events: Iterable[Feedback], accepted_at: datetime) -> list[tuple[str, bytes]]:
    """Return the keys and contents of the objects of one request: one for events and one for exclusions."""
    parts: dict[str, list[Feedback]] = {}
    for event in events:
        parts.setdefault(EXCLUSION_PREFIX if isinstance(event, Exclusion) else LAKE_PREFIX, []).append(event)
    return [(lake_key(part, accepted_at, prefix), write_lines(part)) for prefix, part in parts.items()]


def lake_key(events: Iterable[Feedback], accepted_at: datetime, prefix: str = LAKE_PREFIX) -> str:
    """Return the key of the events of one request; the order of ``events`` does not matter."""
    digest = blake2b(digest_size=16)
    for part in sorted(_digest(event) for event in events):
        digest.update(part)
    return f"{prefix}dt={accepted_at:%Y-%m-%d}/{digest.hexdigest()}{_SUFFIX}"


def write_lines(events: Sequence[Feedback]) -> bytes:
    """Return the events as JSON lines in UTF-8."""
    return b"".join(_encode(event) for event in events)


def read_feedback(objects: Iterable[tuple[str, bytes]], account: LakeAccount) -> Iterator[Feedback]:
    """Yield every event of the lake once; events with the same user, type and id are one event.

    Parameters
    ----------
    objects : iterable of (key, content)
        Objects under `LAKE_PREFIX`, as `segue.artifacts.listing.read_all` yields them; only JSON lines
        are read.
    account : LakeAccount
        Receives the counts of lines.
    """
    seen: set[bytes] = set()  # 16 bytes per event take less memory than two strings
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


def _digest(event: Feedback) -> bytes:
    sort = () if isinstance(event, Event) else (type(event).__name__.lower(),)
    identity = json.dumps([event.user_id, event.event_id, *sort])
    return blake2b(identity.encode(), digest_size=16).digest()


def _encode(event: Feedback) -> bytes:
    head: dict[str, Any] = {"event_id": event.event_id, "user_id": event.user_id}
    tail = {"event": event.kind.value, "at": event.at.isoformat()}
    if isinstance(event, Exclusion):
        fields = {**head, "target": event.target.value, "value": event.value, **tail}
    elif isinstance(event, AnswerEvent):
        more = {"request_id": event.request_id, "position": event.position}
        fields = {**head, "track_id": event.track_id, **tail, **more}
    else:
        more = {"ms_played": event.ms_played, "context": event.context}
        fields = {**head, "track_id": event.track_id, **tail, **more}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _decode(line: bytes) -> Feedback:
    fields: dict[str, Any] = json.loads(line)
    kind, at = fields["event"], datetime.fromisoformat(fields["at"])
    if at < EARLIEST:
        raise InvalidInputError(f"{fields['at']} is before {EARLIEST:%Y}")
    user_id, event_id = read_id(_text(fields, "user_id"), "user_id"), _text(fields, "event_id")
    if kind in tuple(ExclusionKind):
        target, value = Target(fields["target"]), _text(fields, "value")
        return Exclusion(user_id, ExclusionKind(kind), target, value, at, event_id)
    track_id = read_id(_text(fields, "track_id"), "track_id")
    if kind in tuple(AnswerEventKind):
        request_id, position = _text(fields, "request_id"), _whole(fields["position"])
        return AnswerEvent(user_id, track_id, AnswerEventKind(kind), request_id, position, at, event_id)
    ms_played = None if fields["ms_played"] is None else _whole(fields["ms_played"])
    return Event(user_id, track_id, EventKind(kind), at, event_id, ms_played, _text(fields, "context"))


def _text(fields: dict[str, Any], name: str) -> str:
    if not isinstance(value := fields[name], str):
        raise TypeError(f"{name} is not text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int:  # `isinstance` would accept a bool
        raise TypeError(f"{value!r} is not a whole number")
    return value
