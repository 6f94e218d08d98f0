"""What a listener's music is like, in sentences."""

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
"""Of the first genre, surely, before it is told."""
ONE_GENRE = 1.5
"""Effective number below which somebody stays with one."""
CLEAR_PERCENTILE = 0.05
"""How far a mean has to be from the middle besides: what is sure may still be too little to speak of."""
CLEAR_MOOD = 0.2
"""The same for moods, in standard deviations."""
MAX_AUDIO = 3


class Sound(NamedTuple):
    """What people call a feature, and music with a high and with a low percentile of it."""

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
"""By feature."""


def tell_genres(found: GenreProfile) -> Iterator[Sentence]:
    """Tell the first genre if it surely has much, and how diverse all of them are."""
    if found.n_effective < FEW:
        return
    first = found.shares[0]
    sure = estimate_share(first.share, found.n_effective).interval(SURE_Z)
    if sure is not None and sure[0] > LEAST_SHARE:
        yield Sentence(
            "genres",
            f"{percent(first.share)} of what you play is {first.name}.",
            first.share,
            "share",
            found.support,
        )
    number = found.effective_number
    begin = "You stay with one genre" if number < ONE_GENRE else f"You play {len(found.shares)} genres"
    text = f"{begin}: your listening is as varied as {number:.1f} genres that are played equally often."
    yield Sentence("genres", text, number, "genres", found.support)


def tell_audio(found: AudioProfile) -> Iterator[Sentence]:
    """Tell the features that are surely and clearly apart from the catalogue's middle, the clearest first."""
    clear = [
        each
        for each in found.features
        if each.percentile.n_effective >= FEW
        and abs(each.percentile.mean - 0.5) >= CLEAR_PERCENTILE
        and each.percentile.differs_from(0.5)
    ]
    for each in sorted(clear, key=lambda each: -abs(each.percentile.mean - 0.5))[:MAX_AUDIO]:
        mean = each.percentile.mean
        sound, part = SOUNDS[each.name], max(mean, 1 - mean)
        more = sound.low if mean < 0.5 else sound.high
        yield Sentence(
            "audio",
            f"On average, your music is {more} than {percent(part)} of the catalogue's tracks.",
            100 * mean,
            f"percentile of {each.name}",
            found.support,
        )


def tell_moods(found: MoodProfile) -> Iterator[Sentence]:
    """Tell the mood that stands out most, if it surely does."""
    first = found.moods[0]
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
            found.support,
        )


def tell_eras(found: EraProfile) -> Iterator[Sentence]:
    """Tell the first decade, if it surely has more than an equal share."""
    decade, share = max(found.decades, key=lambda each: each[1])
    sure = estimate_share(share, found.n_effective).interval(SURE_Z)
    if found.n_effective >= FEW and sure is not None and sure[0] > 1 / max(len(found.decades), 2):
        yield Sentence(
            "eras",
            f"{percent(share)} of what you play is from the {decade}s.",
            share,
            "share",
            found.support,
        )


def tell_tastes(found: Tastes) -> Iterator[Sentence]:
    """Tell how many tastes there are, if several."""
    if len(found.tastes) > 1:
        yield Sentence(
            "tastes",
            f"You have {len(found.tastes)} distinct tastes. The main one, around “{found.tastes[0].title}”, "
            f"is {percent(found.tastes[0].weight)} of what you play.",
            len(found.tastes),
            "tastes",
            found.support,
        )


def tell_mainstream(found: Mainstream) -> Iterator[Sentence]:
    """Tell whether the music is surely more or less popular than that of everybody."""
    usual = found.usual
    if found.percentile.n_effective < FEW or np.isnan(usual) or not found.percentile.differs_from(usual):
        return
    more = "more" if found.percentile.mean > usual else "less"
    yield Sentence(
        "mainstream",
        f"Your music is {more} popular than usual: on average, it is more popular than "
        f"{percent(found.percentile.mean)} of the catalogue's tracks, and what all listeners play than "
        f"{percent(usual)}.",
        100 * found.percentile.mean,
        "percentile",
        found.support,
    )
