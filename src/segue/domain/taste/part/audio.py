"""How a listener's music sounds beside the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.mood import FEATURES, Mood
from segue.domain.taste.played import Lack
from segue.domain.taste.reference import COLUMNS, mood_scores
from segue.domain.taste.weighted_mean import estimate, weighted_quantiles

if TYPE_CHECKING:
    from segue.domain.taste.played import EventColumns, Support
    from segue.domain.taste.reference import Reference
    from segue.domain.taste.weighted_mean import WeightedMean

MIN_TRACKS = 3


@dataclass(frozen=True, slots=True)
class AudioFeature:
    """One feature of `segue.domain.listening.mood.FEATURES`.

    Attributes
    ----------
    name : str
    percentile : WeightedMean
        Mean place of what is played in the catalogue, 0 … 1: 0.5 is its middle.
    low, high : float
        A quarter of what is played is below, a quarter above, as percentiles.
    value : float
        The median, in the feature's own unit.
    """

    name: str
    percentile: WeightedMean
    low: float
    high: float
    value: float


@dataclass(frozen=True, slots=True)
class AudioProfile:
    """All features of which something is known."""

    support: Support
    features: tuple[AudioFeature, ...]


@dataclass(frozen=True, slots=True)
class MoodScore:
    """How well a listener's music suits a mood.

    Attributes
    ----------
    mood : Mood
    score : WeightedMean
        Mean of the tracks' scores, 0 … 1, as `segue.domain.model.content.rules` scores them.
    catalogue_mean : float
        Of all tracks.
    difference : float
        Between the two, in standard deviations of the catalogue's tracks; 0 where all are alike.
    """

    mood: Mood
    score: WeightedMean
    catalogue_mean: float
    difference: float


@dataclass(frozen=True, slots=True)
class MoodProfile:
    """All moods, the one that stands out most from the catalogue first."""

    support: Support
    moods: tuple[MoodScore, ...]


def audio_profile(reference: Reference, played: EventColumns) -> AudioProfile | Lack:
    """Place what is played among the catalogue, feature by feature."""
    known = played.liked
    rows = played.row[known]
    known[known] = ~np.isnan(reference.audio[rows]).all(axis=1)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks with audio features, there are {support.tracks}", support)
    rows, weight = played.row[known], played.weight[known]
    percentile, value = reference.audio[rows], reference.catalogue.audio[rows][:, COLUMNS]
    found = []
    for place, name in enumerate(FEATURES):
        some = ~np.isnan(percentile[:, place])
        if some.any():
            p, w = percentile[some, place].astype(np.float64), weight[some]
            low, middle, high = weighted_quantiles(p, w, (0.25, 0.5, 0.75))
            # A percentile is as high as its value: the middle of the one is the middle of the other.
            at = int(np.argmin(np.abs(p - middle)))
            found.append(AudioFeature(name, estimate(p, w), low, high, float(value[some, place][at])))
    return AudioProfile(support, tuple(found))


def mood_profile(reference: Reference, played: EventColumns) -> MoodProfile | Lack:
    """Score what is played by each mood, and the catalogue beside it."""
    known = played.liked
    known[known] = ~np.isnan(reference.audio[played.row[known]]).all(axis=1)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks with audio features, there are {support.tracks}", support)
    scores = mood_scores(reference.audio[played.row[known]]).astype(np.float64)
    weight = played.weight[known]
    found = []
    for mood, column, mean, deviation in zip(
        Mood, scores.T, reference.mood_mean.tolist(), reference.mood_deviation.tolist(), strict=True
    ):
        score = estimate(column, weight)
        found.append(MoodScore(mood, score, mean, (score.mean - mean) / deviation if deviation else 0.0))
    return MoodProfile(support, tuple(sorted(found, key=lambda each: -each.difference)))
