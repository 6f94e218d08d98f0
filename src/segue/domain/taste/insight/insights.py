"""A profile in sentences, each with its number, and only what the listener's events bear out.

Where a mean is told, its interval of 99 % lies to one side of what it is compared with; where a share is,
there are enough tracks or sessions that another sample would hardly say the opposite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.domain.taste.distinct import Tastes
from segue.domain.taste.insight.habit import tell_drift, tell_neighbours, tell_patterns
from segue.domain.taste.insight.music import (
    tell_audio,
    tell_eras,
    tell_genres,
    tell_mainstream,
    tell_moods,
    tell_tastes,
)
from segue.domain.taste.insight.sentence import SMALL_TRACKS, Sentence, counted
from segue.domain.taste.neighbour import Neighbours
from segue.domain.taste.part.audio import AudioProfile, MoodProfile
from segue.domain.taste.part.drift import Drift
from segue.domain.taste.part.era import EraProfile
from segue.domain.taste.part.genre import GenreProfile
from segue.domain.taste.part.mainstream import Mainstream
from segue.domain.taste.part.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from segue.domain.taste.played import Support

_TELL: Mapping[type, Callable[[Any], Iterator[Sentence]]] = {
    GenreProfile: tell_genres,
    Tastes: tell_tastes,
    AudioProfile: tell_audio,
    MoodProfile: tell_moods,
    EraProfile: tell_eras,
    Pattern: tell_patterns,
    Mainstream: tell_mainstream,
    Drift: tell_drift,
    Neighbours: tell_neighbours,
}


def small_history(support: Support) -> Iterator[Sentence]:
    """Say of a small history that it is one."""
    if not support.tracks:
        yield Sentence(
            "history",
            "Nothing is known of this taste yet: play or like something, or name tracks or artists.",
            0,
            "tracks",
            support,
        )
    elif support.tracks < SMALL_TRACKS:
        tracks = counted(support.tracks, "track")
        yield Sentence(
            "history",
            f"This is a first sketch: it rests on {tracks}, and more listening may change it.",
            support.tracks,
            "tracks",
            support,
        )


def insights_of(section: object) -> Iterator[Sentence]:
    """Tell what one part of a profile bears out; nothing for a `Lack`."""
    teller = _TELL.get(type(section))
    if teller is not None:
        yield from teller(section)
