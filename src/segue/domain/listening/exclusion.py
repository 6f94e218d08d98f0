"""Exclusions: artists and genres that a listener blocks, and events that a listener ignores.

A block names an artist or a genre: no answer contains their tracks, and their events do not count. An ignore
names a track, an artist, a genre or a span of time: its events do not count for the taste. Both are in force
until the listener undoes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING

from segue.domain.catalogue.name_key import artist_key, genre_key
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from segue.domain.listening.event import Event

MOST_EXCLUSIONS = 500
"""Maximum number of exclusions in force for one listener: every answer looks all of them up."""


class ExclusionKind(StrEnum):
    """What the listener asks for."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    IGNORE = "ignore"
    UNIGNORE = "unignore"


class Target(StrEnum):
    """What kind of thing an exclusion names."""

    TRACK = "track"
    ARTIST = "artist"
    GENRE = "genre"
    TIME = "time"


_RULE = {
    ExclusionKind.BLOCK: ExclusionKind.BLOCK,
    ExclusionKind.UNBLOCK: ExclusionKind.BLOCK,
    ExclusionKind.IGNORE: ExclusionKind.IGNORE,
    ExclusionKind.UNIGNORE: ExclusionKind.IGNORE,
}
_FOLD: Mapping[Target, Callable[[str], str]] = {Target.ARTIST: artist_key, Target.GENRE: genre_key}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One statement of one listener about one target; the last one about a target counts.

    Attributes
    ----------
    user_id : str
    kind : ExclusionKind
    target : Target
    value : str
        A track id, the name of an artist or a genre in any spelling, or a span from `span_of`.
    at : datetime
        When the listener made the statement, UTC.
    event_id : str
        Unique for the user: two statements with the same id count as one.

    Raises
    ------
    InvalidInputError
        A block names a track or a span, or the span is empty, or ends before it begins.
    """

    user_id: str
    kind: ExclusionKind
    target: Target
    value: str
    at: datetime
    event_id: str

    def __post_init__(self) -> None:
        if self.rule is ExclusionKind.BLOCK and self.target not in _FOLD:
            raise InvalidInputError(
                f"{self.kind} takes an artist or a genre, not a {self.target}: a dislike keeps a track away."
            )
        if self.target is Target.TIME:
            _ = self.span  # refuses a span that cannot be read

    @property
    def rule(self) -> ExclusionKind:
        """BLOCK for a block and an unblock, IGNORE for the others."""
        return _RULE[self.kind]

    @property
    def holds(self) -> bool:
        """Whether it excludes something, instead of undoing an exclusion."""
        return self.kind is self.rule

    @property
    def key(self) -> str:
        """The same key for all statements about one target, in any spelling."""
        return key_of(self.rule, self.target, self.value)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment of the span and the first moment after it; for Target.TIME only."""
        begin, _, end = self.value.partition("/")
        try:
            span = datetime.fromisoformat(begin), datetime.fromisoformat(end)
        except ValueError as error:
            raise InvalidInputError(f"{self.value!r} is not a span of time: give from and to.") from error
        if span[0] == span[1]:
            raise InvalidInputError(f"the span is empty, from and to are both {end}: give a later to.")
        if not span[0] < span[1]:
            raise InvalidInputError(f"the span ends at {end}, before it begins at {begin}: swap from and to.")
        return span


def key_of(rule: ExclusionKind, target: Target, value: str) -> str:
    """Return `Exclusion.key` for a rule, BLOCK or IGNORE, and a target."""
    fold = _FOLD.get(target)
    return f"{rule}#{target}#{fold(value) if fold else value}"


def span_of(begin: datetime, end: datetime) -> str:
    """Return a span of time as the value of an exclusion, ISO 8601 in UTC."""
    return f"{begin.astimezone(UTC).isoformat()}/{end.astimezone(UTC).isoformat()}"


def standing(exclusions: Iterable[Exclusion]) -> list[Exclusion]:
    """Return the exclusions in force, given the statements of any listeners in any order."""
    last: dict[tuple[str, str], Exclusion] = {}
    for each in sorted(exclusions, key=attrgetter("at", "event_id")):
        last[each.user_id, each.key] = each
    return [each for each in last.values() if each.holds]


@dataclass(frozen=True, slots=True)
class ListenerRecord:
    """The stored events and exclusions of one listener.

    Attributes
    ----------
    events : sequence of Event
        The latest events, newest first, then older opinions.
    exclusions : sequence of Exclusion
        Exclusions in force.
    """

    events: Sequence[Event] = ()
    exclusions: Sequence[Exclusion] = ()
