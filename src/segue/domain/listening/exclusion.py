"""What listeners do not want: artists and genres never to answer with, and listens that shape no taste.

A block is of an artist or a genre: none of their tracks is answered, and what was heard of them says nothing.
An ignore is of a track, an artist, a genre or a span of time: it happened, and it shapes no taste. Each holds
until it is undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.domain.catalogue.name_key import artist_key, genre_key
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from segue.domain.listening.event import Event

MOST_EXCLUSIONS = 500
"""That may hold for one listener at once: every answer looks each of them up."""


class ExclusionKind(StrEnum):
    """What is said about a target."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    IGNORE = "ignore"
    UNIGNORE = "unignore"


class Target(StrEnum):
    """What an exclusion is about."""

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
    """One statement of one listener about one target; of a target the last one counts.

    Attributes
    ----------
    user_id : str
    kind : ExclusionKind
    target : Target
    value : str
        A track id, an artist's or a genre's name in any spelling, or a span from `span_of`.
    at : datetime
        When it was said, UTC.
    event_id : str
        Unique for the user: what comes twice under one id was said once.

    Raises
    ------
    InvalidInputError
        A block is of a track or a span, or the span is empty, or ends before it begins.
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
            _ = self.span  # a span that cannot be read is refused when it is said

    @property
    def rule(self) -> ExclusionKind:
        """BLOCK for a block and for what undoes one, IGNORE for the others."""
        return _RULE[self.kind]

    @property
    def holds(self) -> bool:
        """Whether it excludes, and undoes nothing."""
        return self.kind is self.rule

    @property
    def key(self) -> str:
        """What all statements about one target have in common, however it is spelled."""
        return key_of(self.rule, self.target, self.value)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment and the end, which is the first one after it; of Target.TIME only."""
        begin, _, end = self.value.partition("/")
        try:
            span = datetime.fromisoformat(begin), datetime.fromisoformat(end)
        except ValueError as error:
            raise InvalidInputError(f"{self.value!r} is no span of time: give from and to.") from error
        if span[0] == span[1]:
            raise InvalidInputError(f"the span is empty, from and to are both {end}: give a later to.")
        if not span[0] < span[1]:
            raise InvalidInputError(f"the span ends at {end}, before it begins at {begin}: swap from and to.")
        return span


def key_of(rule: ExclusionKind, target: Target, value: str) -> str:
    """Return `Exclusion.key` of a rule, BLOCK or IGNORE, about a target."""
    fold = _FOLD.get(target)
    return f"{rule}#{target}#{fold(value) if fold else value}"


def span_of(begin: datetime, end: datetime) -> str:
    """Return a span of time as the value of an exclusion, ISO 8601 in UTC."""
    return f"{begin.astimezone(UTC).isoformat()}/{end.astimezone(UTC).isoformat()}"


def standing(exclusions: Iterable[Exclusion]) -> list[Exclusion]:
    """Return what holds of statements of any listeners, in any order: of a target the last one counts."""
    last: dict[tuple[str, str], Exclusion] = {}
    for each in sorted(exclusions, key=lambda said: (said.at, said.event_id)):
        last[each.user_id, each.key] = each
    return [each for each in last.values() if each.holds]


@dataclass(frozen=True, slots=True)
class ListenerRecord:
    """What is kept of one listener.

    Attributes
    ----------
    events : sequence of Event
        The latest, newest first, then older opinions.
    exclusions : sequence of Exclusion
        That hold now.
    """

    events: Sequence[Event] = ()
    exclusions: Sequence[Exclusion] = ()
