"""Feedback as items of the DynamoDB table, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from segue.domain.listening.event import OPINIONS, Event, EventKind
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, Target
from segue.domain.listening.feedback import AnswerEvent

if TYPE_CHECKING:
    from segue.domain.listening.feedback import Feedback

_AFTER_EVERY_TIME = "~"


@dataclass(frozen=True, slots=True)
class Copy:
    """An item that replaces an earlier one under its key, and the attribute that tells which is later."""

    item: dict[str, Any]
    later: str


def listener_key(user_id: str) -> str:
    """Return the partition of a listener's events and exclusions."""
    return f"user#{user_id}"


def opinions_key(user_id: str) -> str:
    """Return the partition of a listener's last opinions."""
    return f"opinion#{user_id}"


def build_item(event: Feedback, expires_at: int) -> dict[str, Any]:
    """Return the item that makes an event count once."""
    if isinstance(event, Event):
        return _event_item(event, expires_at)
    said = f"{event.at.isoformat(timespec='microseconds')}#{event.event_id}"
    item: dict[str, Any] = {
        "kind": {"S": event.kind.value},
        "said": {"S": said},  # without recency: neither has a place among the latest events
        "expires_at": {"N": str(expires_at)},
    }
    if isinstance(event, AnswerEvent):
        return item | {
            "pk": {"S": f"answer#{event.user_id}"},
            "sk": {"S": f"event#{event.event_id}"},
            "track_id": {"S": event.track_id},
            "request_id": {"S": event.request_id},
            "position": {"N": str(event.position)},
        }
    return item | {
        "pk": {"S": listener_key(event.user_id)},
        "sk": {"S": f"exclusion#{event.event_id}"},
        "target": {"S": event.target.value},
        "value": {"S": event.value},
    }


def build_copy(user_id: str, item: dict[str, Any]) -> Copy | None:
    """Return the copy of an opinion or an exclusion, which keeps the last one of its track or target."""
    if item["kind"]["S"] in OPINIONS:
        key = {"pk": {"S": opinions_key(user_id)}, "sk": {"S": f"track#{item['track_id']['S']}"}}
        return Copy(item | key, "recency")
    if "target" not in item:
        return None
    exclusion = read_exclusion(user_id, item)
    digest = blake2b(exclusion.key.encode(), digest_size=16).hexdigest()  # a key has at most 1024 bytes
    copy = item | {"sk": {"S": f"standing#{digest}"}}
    if exclusion.holds:
        del copy["expires_at"]
        copy["recency"] = {"S": _AFTER_EVERY_TIME + item["said"]["S"]}
    return Copy(copy, "said")


def is_exclusion(item: dict[str, Any]) -> bool:
    """Whether an item of the index holds an exclusion, and no event."""
    return bool(item["recency"]["S"].startswith(_AFTER_EVERY_TIME))


def read_exclusion(user_id: str, item: dict[str, Any]) -> Exclusion:
    """Return the exclusion of an item."""
    at, _, event_id = item["said"]["S"].partition("#")
    kind, target = ExclusionKind(item["kind"]["S"]), Target(item["target"]["S"])
    return Exclusion(user_id, kind, target, item["value"]["S"], datetime.fromisoformat(at), event_id)


def read_event(user_id: str, item: dict[str, Any]) -> Event:
    """Return the event of an item."""
    at, _, event_id = item["recency"]["S"].partition("#")
    return Event(
        user_id,
        item["track_id"]["S"],
        EventKind(item["kind"]["S"]),
        datetime.fromisoformat(at),
        event_id,
        int(item["ms_played"]["N"]) if "ms_played" in item else None,
        item["context"]["S"],
        float(item["count"]["N"]) if "count" in item else 1.0,
    )


def _event_item(event: Event, expires_at: int) -> dict[str, Any]:
    item = {
        "pk": {"S": listener_key(event.user_id)},
        "sk": {"S": f"event#{event.event_id}"},
        "recency": {"S": f"{event.at.isoformat(timespec='microseconds')}#{event.event_id}"},
        "track_id": {"S": event.track_id},
        "kind": {"S": event.kind.value},
        "context": {"S": event.context},
        "expires_at": {"N": str(expires_at)},
    }
    if event.ms_played is not None:
        item["ms_played"] = {"N": str(event.ms_played)}
    if event.count != 1:
        item["count"] = {"N": repr(event.count)}
    return item
