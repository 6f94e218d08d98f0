"""Describe a listener's music in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.domain.taste.insight.sentence import FEW, Sentence, percent
from segue.domain.taste.weighted_mean import SURE_Z, estimate_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.domain.taste.distinct import Tastes
    from segue.domain.taste.part.audio import AudioProfile, MoodProfile
    from segue.domain.taste.part.era import EraProfile
    from segue.domain.taste.part.genre import GenreProfile
    from segue.domain.taste.part.mainstream import Mainstream

LEAST_SHARE = 0.1
"""Lower end of the first genre's 99 % interval above which a sentence names the genre."""
ONE_GENRE = 1.5
"""Effective number of genres below which the listener stays with one genre."""
CLEAR_PERCENTILE = 0.05
"""Minimum distance of a mean percentile from 0.5; a significant one may still be too small to report."""
CLEAR_MOOD = 0.2
"""Minimum difference of a mood from the catalogue, in standard deviations."""
MAX_AUDIO = 3


class Sound(NamedTuple):
    """Words for a feature, and for music with a high and a low percentile of the feature."""

    name: str
    high: str
    low: str


SOUNDS: Mapping[str, Sound] = {
    "danceability": Sound("danceable", "more danceable", "less danceable"),
    "energy": Sound("energetic", "more energetic", "calmer"),
    "loudness": Sound("loud", "louder", "quieter"),
    "mode": Sound("major key", "more often in a major key", "more often in a minor key"),
    "speechiness": Sound("spoken words", "wordier", "less wordy"),
    "acousticness": Sound("acoustic", "more acoustic", "less acoustic"),
    "instrumentalness": Sound("instrumental", "more instrumental", "more vocal"),
    "liveness": Sound("live", "more often recorded live", "less often recorded live"),
    "valence": Sound("cheerful", "more cheerful", "sadder"),
    "tempo": Sound("fast", "faster", "slower"),
}
"""The words of each feature."""


def describe_genres(part: GenreProfile) -> Iterator[Sentence]:
    """Describe the first genre if its share is significant, and the diversity of all genres."""
    if part.n_effective < FEW:
        return
    first = part.shares[0]
    sure = estimate_share(first.share, part.n_effective).interval(SURE_Z)
    if sure is not None and sure[0] > LEAST_SHARE:
        yield Sentence(
            "genres",
            f"{percent(first.share)} of what you play is {first.name}.",
            first.share,
            "share",
            part.support,
        )
    number = part.effective_number
    begin = "You stay with one genre" if number < ONE_GENRE else f"You play {len(part.shares)} genres"
    text = f"{begin}: your listening is as varied as {number:.1f} genres that are played equally often."
    yield Sentence("genres", text, number, "genres", part.support)


def describe_audio(part: AudioProfile) -> Iterator[Sentence]:
    """Describe the features that differ significantly and clearly from the catalogue, the greatest first."""
    clear = [
        each
        for each in part.features
        if each.percentile.n_effective >= FEW
        and abs(each.percentile.mean - 0.5) >= CLEAR_PERCENTILE
        and each.percentile.differs_from(0.5)
    ]
    for each in sorted(clear, key=lambda each: -abs(each.percentile.mean - 0.5))[:MAX_AUDIO]:
        mean = each.percentile.mean
        sound, share = SOUNDS[each.name], max(mean, 1 - mean)
        more = sound.low if mean < 0.5 else sound.high
        yield Sentence(
            "audio",
            f"On average, your music is {more} than {percent(share)} of the catalogue's tracks.",
            100 * mean,
            f"percentile of {each.name}",
            part.support,
        )


def describe_moods(part: MoodProfile) -> Iterator[Sentence]:
    """Describe the mood with the greatest difference, if it is significant."""
    first = part.moods[0]
    if (
        first.difference >= CLEAR_MOOD
        and first.score.n_effective >= FEW
        and first.score.differs_from(first.catalogue_mean)
    ):
        yield Sentence(
            "moods",
            f"The mood that stands out in your music is {first.mood}: on average, your tracks "
            f"score {percent(first.score.mean)} for it, and the catalogue's {percent(first.catalogue_mean)}.",
            first.difference,
            "standard deviations",
            part.support,
        )


def describe_eras(part: EraProfile) -> Iterator[Sentence]:
    """Describe the most played decade, if its share is significantly more than an equal one."""
    decade, share = max(part.decades, key=lambda each: each[1])
    sure = estimate_share(share, part.n_effective).interval(SURE_Z)
    if part.n_effective >= FEW and sure is not None and sure[0] > 1 / max(len(part.decades), 2):
        yield Sentence(
            "eras",
            f"{percent(share)} of what you play is from the {decade}s.",
            share,
            "share",
            part.support,
        )


def describe_tastes(part: Tastes) -> Iterator[Sentence]:
    """Describe the number of tastes, if there are several."""
    if len(part.tastes) > 1:
        yield Sentence(
            "tastes",
            f"You have {len(part.tastes)} distinct tastes. The main one, around “{part.tastes[0].title}”, "
            f"is {percent(part.tastes[0].weight)} of what you play.",
            len(part.tastes),
            "tastes",
            part.support,
        )


def describe_mainstream(part: Mainstream) -> Iterator[Sentence]:
    """Describe whether the music is significantly more or less popular than that of all listeners."""
    usual = part.usual
    if part.percentile.n_effective < FEW or np.isnan(usual) or not part.percentile.differs_from(usual):
        return
    more = "more" if part.percentile.mean > usual else "less"
    yield Sentence(
        "mainstream",
        f"Your music is {more} popular than usual: on average, it is more popular than "
        f"{percent(part.percentile.mean)} of the catalogue's tracks, and what all listeners play than "
        f"{percent(usual)}.",
        100 * part.percentile.mean,
        "percentile",
        part.support,
    )
