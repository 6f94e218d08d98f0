"""Listening state in one DynamoDB table; the one file that knows DynamoDB.

An event is an item of its own, ``pk`` its user and ``sk`` its id, created only if absent: that is what
makes it count once. The local index ``recency`` holds the same items by time, and unlike a global one it
can be read consistently. The last like or dislike of each track has a copy under a ``pk`` of opinions alone,
where it is found among any number of plays.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from segue.domain.event import OPINIONS, Event, EventKind
from segue.errors import ConfigError, StateUnavailableError
from segue.state.listening import MOST_OPINIONS, RECENT, Recorded, first_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEPT_DAYS = 730
"""Days after which the table forgets an event, counted from when it was recorded."""

_AT_ONCE = 16
# A function that is killed answers nothing: two attempts must end well before its 15 seconds do.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=1,
    read_timeout=2,
    max_pool_connections=_AT_ONCE,
)


class DynamoState:
    """A `ListeningState` in the table of `template.yaml`.

    Endpoint, region and credentials are botocore's own settings.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        try:
            self._client = boto3.client("dynamodb", config=_CONFIG)
        except NoRegionError as error:
            raise ConfigError("AWS_DEFAULT_REGION", f"not set; table {table} is in one Region.") from error

    def record(self, events: Sequence[Event]) -> Recorded:
        """See `ListeningState.record`.

        One write per event, two per opinion, `_AT_ONCE` at a time: a transaction takes 100 and costs twice as
        much. An event whose write was answered too late for botocore, and repeated by it, is counted as
        repeated.
        """
        distinct = first_of_each(events)
        expires_at = int(time.time()) + KEPT_DAYS * 86_400
        with ThreadPoolExecutor(min(_AT_ONCE, len(distinct)) or 1) as pool:
            # Once a write fails, those that have not begun are left out: the caller repeats them all.
            new = sum(pool.map(lambda event: self._create(event, expires_at), distinct))
        return Recorded(new, len(events) - new)

    def _create(self, event: Event, expires_at: int) -> bool:
        item, new = _item(event, expires_at), True
        with self._translated():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                # The copy may be missing where a call broke off: it is always made, of what is there.
                refused: Any = error.response  # whose type does not know the item
                item, new = refused["Item"], False
            if item["kind"]["S"] in OPINIONS:
                self._keep_last(item | _opinion_key(event.user_id, item["track_id"]["S"]))
        return new

    def _keep_last(self, item: dict[str, Any]) -> None:
        """Write an item unless there is a later one under its key: events come in any order."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR recency < :recency",
                ExpressionAttributeValues={":recency": item["recency"]},
            )

    def read_recent(self, user_id: str, limit: int = RECENT, opinions: int = MOST_OPINIONS) -> list[Event]:
        """See `ListeningState.read_recent`; opinions are asked for where there are more events."""
        latest = self._query(user_id, _partition(user_id), {"MaxItems": limit, "PageSize": limit})
        if len(latest) < limit:
            return latest
        known = {event.event_id for event in latest}
        # Earlier releases kept every opinion, newest first; of a track the first one here is its last one.
        last: dict[str, Event] = {}
        for event in self._query(user_id, _opinions(user_id), {"MaxItems": len(latest) + opinions}):
            last.setdefault(event.track_id, event)
        return latest + [event for event in last.values() if event.event_id not in known][:opinions]

    def _query(self, user_id: str, partition: str, paging: Any) -> list[Event]:
        with self._translated():  # a page of DynamoDB is 1 MB, some 4000 events
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="recency",
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig=paging,
            )
            return [_event(user_id, item) for page in pages for item in page["Items"]]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise StateUnavailableError(f"table {self._table}: DynamoDB answered {code}: {error}") from error
        except BotoCoreError as error:
            raise StateUnavailableError(f"table {self._table}: {error}") from error


def _partition(user_id: str) -> str:
    return f"user#{user_id}"


def _opinions(user_id: str) -> str:
    return f"opinion#{user_id}"


def _opinion_key(user_id: str, track_id: str) -> dict[str, Any]:
    return {"pk": {"S": _opinions(user_id)}, "sk": {"S": f"track#{track_id}"}}


def _item(event: Event, expires_at: int) -> dict[str, Any]:
    item = {
        "pk": {"S": _partition(event.user_id)},
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


def _event(user_id: str, item: dict[str, Any]) -> Event:
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
