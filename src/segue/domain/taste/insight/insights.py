"""Describe a profile in sentences, each with its number; every sentence is supported by the events.

A mean is reported if its 99 % interval excludes the value that it is compared with. A share is reported if
there are enough tracks or sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segue.domain.taste.distinct import Tastes
from segue.domain.taste.insight.habit import describe_drift, describe_neighbours, describe_patterns
from segue.domain.taste.insight.music import (
    describe_audio,
    describe_eras,
    describe_genres,
    describe_mainstream,
    describe_moods,
    describe_tastes,
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

    from segue.domain.taste.event_columns import Support

_DESCRIBE: Mapping[type, Callable[[Any], Iterator[Sentence]]] = {
    GenreProfile: describe_genres,
    Tastes: describe_tastes,
    AudioProfile: describe_audio,
    MoodProfile: describe_moods,
    EraProfile: describe_eras,
    Pattern: describe_patterns,
    Mainstream: describe_mainstream,
    Drift: describe_drift,
    Neighbours: describe_neighbours,
}


def describe_small_history(support: Support) -> Iterator[Sentence]:
    """Say that a history is small or empty."""
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


def describe_part(section: object) -> Iterator[Sentence]:
    """Describe one part of a profile; nothing for a `Lack`."""
    describe = _DESCRIBE.get(type(section))
    if describe is not None:
        yield from describe(section)
