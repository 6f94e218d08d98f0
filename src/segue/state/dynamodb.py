"""Listening state in one DynamoDB table; the one file that knows DynamoDB.

An event is an item of its own, ``pk`` its user and ``sk`` its id, created only if absent: that is what
makes it count once. The local index ``recency`` holds the same items by time, and unlike a global one it
can be read consistently. The last like or dislike of each track has a copy under a ``pk`` of opinions alone,
where it is found among any number of plays.

The last exclusion of each target has a copy too. While it holds, its place in ``recency`` comes after every
time, so that it is read with the latest events; what undoes one has no place there.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from segue.domain.listening.exclusion import ListenerRecord
from segue.errors import ConfigError, StateUnavailableError
from segue.state.listening import MOST_OPINIONS, RECENT, Recorded, first_of_each
from segue.state.table_item import (
    build_copy,
    build_item,
    is_exclusion,
    listener_key,
    opinions_key,
    read_event,
    read_exclusion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segue.domain.listening.event import Event
    from segue.domain.listening.exclusion import Exclusion
    from segue.domain.listening.feedback import Feedback
    from segue.state.table_item import Copy

KEPT_DAYS = 730
"""Days after which the table forgets an event, counted from when it was recorded."""

_AT_ONCE = 16
_ROOM_FOR_EXCLUSIONS = 100
# A function that is killed answers nothing: two attempts must end well before its 15 seconds do.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2},
    connect_timeout=1,
    read_timeout=2,
    max_pool_connections=_AT_ONCE,
)


class DynamoState:
    """A `ListeningState` in the table of `infra/storage.yaml`.

    Endpoint, region and credentials are botocore's own settings.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        try:
            self._client = boto3.client("dynamodb", config=_CONFIG)
        except NoRegionError as error:
            raise ConfigError("AWS_DEFAULT_REGION", f"not set; table {table} is in one Region.") from error

    def record(self, events: Sequence[Feedback]) -> Recorded:
        """See `ListeningState.record`.

        One write per event, two per opinion or exclusion, `_AT_ONCE` at a time: a transaction takes 100 and
        costs twice as much. An event whose write was answered too late for botocore, and repeated by it, is
        counted as repeated.
        """
        distinct = first_of_each(events)
        expires_at = int(time.time()) + KEPT_DAYS * 86_400
        with ThreadPoolExecutor(min(_AT_ONCE, len(distinct)) or 1) as pool:
            # Once a write fails, those that have not begun are left out: the caller repeats them all.
            new = sum(pool.map(lambda event: self._create(event, expires_at), distinct))
        return Recorded(new, len(events) - new)

    def _create(self, event: Feedback, expires_at: int) -> bool:
        item, new = build_item(event, expires_at), True
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
            if (copy := build_copy(event.user_id, item)) is not None:
                self._keep_last(copy)
        return new

    def _keep_last(self, copy: Copy) -> None:
        """Write a copy unless there is a later one under its key: events come in any order."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item=copy.item,
                ConditionExpression="attribute_not_exists(pk) OR #later < :later",
                ExpressionAttributeNames={"#later": copy.later},
                ExpressionAttributeValues={":later": copy.item[copy.later]},
            )

    def read_listener(
        self, user_id: str, limit: int = RECENT, opinions: int = MOST_OPINIONS
    ) -> ListenerRecord:
        """See `ListeningState.read_listener`; opinions are asked for where there are more events."""
        exclusions: list[Exclusion] = []
        events: list[Event] = []
        for item in self._query(listener_key(user_id), limit + _ROOM_FOR_EXCLUSIONS):
            if is_exclusion(item):
                exclusions.append(read_exclusion(user_id, item))
            elif len(events) < limit:
                events.append(read_event(user_id, item))
            else:
                break
        if events and len(events) == limit:
            known = {event.event_id for event in events}
            older = self._last_opinions(user_id, limit + opinions)
            events += [event for event in older if event.event_id not in known][:opinions]
        return ListenerRecord(events, exclusions)

    def _last_opinions(self, user_id: str, most: int) -> list[Event]:
        # Earlier releases kept every opinion, newest first; of a track the first one here is its last one.
        last: dict[str, Event] = {}
        for item in islice(self._query(opinions_key(user_id), most), most):
            event = read_event(user_id, item)
            last.setdefault(event.track_id, event)
        return list(last.values())

    def _query(self, partition: str, page: int) -> Iterator[dict[str, Any]]:
        """Yield the items of a partition, newest first; the caller stops where it has enough."""
        with self._translated():  # a page of DynamoDB is 1 MB, some 4000 events
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="recency",
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig={"PageSize": page},
            )
            for found in pages:
                yield from found["Items"]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise StateUnavailableError(f"table {self._table}: DynamoDB answered {code}: {error}") from error
        except BotoCoreError as error:
            raise StateUnavailableError(f"table {self._table}: {error}") from error
