"""The taste profile of one listener: every part of it that the listener's events bear out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from segue.domain.taste.distinct import distinct_tastes
from segue.domain.taste.insight.insights import insights_of, small_history
from segue.domain.taste.neighbour import nearest_friends
from segue.domain.taste.part.audio import audio_profile, mood_profile
from segue.domain.taste.part.drift import taste_drift
from segue.domain.taste.part.era import era_profile
from segue.domain.taste.part.genre import genre_profile
from segue.domain.taste.part.mainstream import mainstreamness
from segue.domain.taste.part.pattern import listening_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from segue.domain.taste.distinct import Tastes
    from segue.domain.taste.insight.sentence import Sentence
    from segue.domain.taste.neighbour import Neighbours
    from segue.domain.taste.part.audio import AudioProfile, MoodProfile
    from segue.domain.taste.part.drift import Drift
    from segue.domain.taste.part.era import EraProfile
    from segue.domain.taste.part.genre import GenreProfile
    from segue.domain.taste.part.mainstream import Mainstream
    from segue.domain.taste.part.pattern import Pattern
    from segue.domain.taste.played import EventColumns, Lack, Support
    from segue.domain.taste.reference import Reference


@dataclass(frozen=True, slots=True)
class ProfileFor:
    """Whose taste it is.

    Attributes
    ----------
    user_id : str
        Whose stored friends are compared.
    friends : sequence of str
        Compared besides.
    utc_offset : timedelta
        Of the listener's clock.
    since : datetime, optional
        From when on all events are there, where the history is longer than what was read.
    """

    user_id: str = ""
    friends: Sequence[str] = ()
    utc_offset: timedelta = timedelta(0)
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A taste; each part is a `Lack` where there is too little to tell."""

    support: Support
    genres: GenreProfile | Lack
    tastes: Tastes | Lack
    audio: AudioProfile | Lack
    moods: MoodProfile | Lack
    eras: EraProfile | Lack
    mainstream: Mainstream | Lack
    patterns: Pattern | Lack
    drift: Drift | Lack
    friends: Neighbours | Lack
    insights: tuple[Sentence, ...]


PARTS = ("genres", "tastes", "audio", "moods", "eras", "mainstream", "patterns", "drift", "friends")
"""The fields of `Profile` that may be a `Lack`."""


def build_profile(reference: Reference, played: EventColumns, listener: ProfileFor) -> Profile:
    """Profile a taste. About 4 ms for 2000 events, of which dividing them into tastes takes most."""
    parts = {
        "genres": genre_profile(reference, played),
        "tastes": distinct_tastes(reference, played),
        "audio": audio_profile(reference, played),
        "moods": mood_profile(reference, played),
        "eras": era_profile(reference, played),
        "mainstream": mainstreamness(reference, played),
        "patterns": listening_pattern(played, listener.utc_offset, is_whole=listener.since is None),
        "drift": taste_drift(reference, played, listener.utc_offset, listener.since),
        "friends": nearest_friends(reference, played, listener.user_id, listener.friends),
    }
    support = played.support(played.liked)
    told = [*small_history(support), *(each for part in parts.values() for each in insights_of(part))]
    return Profile(support=support, insights=tuple(told), **parts)  # type: ignore[arg-type]
