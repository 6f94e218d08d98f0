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
from itertools import islice
from typing import TYPE_CHECKING, Any

from segue.aws.client import AwsClient, Limits, RefusedError
from segue.aws.credentials import NoAnswerError
from segue.domain.listening.exclusion import ListenerRecord
from segue.errors import StateUnavailableError
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
    from collections.abc import Iterator, Mapping, Sequence

    from segue.domain.listening.event import Event
    from segue.domain.listening.exclusion import Exclusion
    from segue.domain.listening.feedback import Feedback
    from segue.state.table_item import Copy

KEPT_DAYS = 730
"""Days after which the table forgets an event, counted from when it was recorded."""

_AT_ONCE = 16
_ROOM_FOR_EXCLUSIONS = 100
# A function that is killed answers nothing: two attempts must end well before its 15 seconds do.
_LIMITS = Limits(2, 2.0)
_REFUSED_BY_CONDITION = "ConditionalCheckFailedException"


class DynamoState:
    """A `ListeningState` in the table of `infra/storage.yaml`.

    Parameters
    ----------
    environment : mapping
        What `AwsClient` reads: Region, endpoint and credentials.

    Raises
    ------
    ConfigError
        No Region is set.
    """

    def __init__(self, table: str, environment: Mapping[str, str]) -> None:
        self._table = table
        self._client = AwsClient("dynamodb", environment, _LIMITS)

    def record(self, events: Sequence[Feedback]) -> Recorded:
        """See `ListeningState.record`.

        One write per event, two per opinion or exclusion, `_AT_ONCE` at a time: a transaction takes 100 and
        costs twice as much. An event whose write was answered too late, and therefore sent again, is counted
        as repeated.
        """
        distinct = first_of_each(events)
        expires_at = int(time.time()) + KEPT_DAYS * 86_400
        with ThreadPoolExecutor(min(_AT_ONCE, len(distinct)) or 1) as pool:
            # Once a write fails, those that have not begun are left out: the caller repeats them all.
            new = sum(pool.map(lambda event: self._create(event, expires_at), distinct))
        return Recorded(new, len(events) - new)

    def _create(self, event: Feedback, expires_at: int) -> bool:
        item, new = build_item(event, expires_at), True
        refused = self._put(
            {
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
        if refused is not None:
            # The copy may be missing where a call broke off: it is always made, of what is there.
            item, new = refused["Item"], False
        if (copy := build_copy(event.user_id, item)) is not None:
            self._keep_last(copy)
        return new

    def _keep_last(self, copy: Copy) -> None:
        """Write a copy unless there is a later one under its key: events come in any order."""
        self._put(
            {
                "Item": copy.item,
                "ConditionExpression": "attribute_not_exists(pk) OR #later < :later",
                "ExpressionAttributeNames": {"#later": copy.later},
                "ExpressionAttributeValues": {":later": copy.item[copy.later]},
            }
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
        request: dict[str, Any] = {
            "IndexName": "recency",
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": page,
        }
        while True:  # a page of DynamoDB is 1 MB, some 4000 events
            found = self._call("Query", request)
            yield from found["Items"]
            if "LastEvaluatedKey" not in found:
                return
            request["ExclusiveStartKey"] = found["LastEvaluatedKey"]

    def _put(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Write an item; where the condition did not hold, return what DynamoDB answered."""
        try:
            self._call("PutItem", request)
        except RefusedError as error:
            return error.answer
        return None

    def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Call DynamoDB; raise RefusedError only where a condition did not hold."""
        target = f"DynamoDB_20120810.{operation}"
        try:
            return self._client.call(target, {"TableName": self._table, **request}, "1.0")
        except RefusedError as error:
            if error.code == _REFUSED_BY_CONDITION:
                raise
            raise StateUnavailableError(f"table {self._table}: DynamoDB answered {error}") from error
        except NoAnswerError as error:
            raise StateUnavailableError(f"table {self._table}: {error}") from error
