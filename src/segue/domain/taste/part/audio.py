"""Audio features and moods of a listener's music, compared with the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.mood import FEATURES, Mood
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.reference import COLUMNS, mood_scores
from segue.domain.taste.weighted_mean import estimate, weighted_quantiles

if TYPE_CHECKING:
    from segue.domain.taste.event_columns import EventColumns, Support
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
        Mean percentile of what is played, 0 … 1; 0.5 is the middle of the catalogue.
    low, high : float
        Lower and upper quartile of the percentiles.
    value : float
        Median of what is played, in the feature's own unit.
    """

    name: str
    percentile: WeightedMean
    low: float
    high: float
    value: float


@dataclass(frozen=True, slots=True)
class AudioProfile:
    """All features that some track has."""

    support: Support
    features: tuple[AudioFeature, ...]


@dataclass(frozen=True, slots=True)
class MoodScore:
    """How well a listener's music suits a mood.

    Attributes
    ----------
    mood : Mood
    score : WeightedMean
        Mean score of the tracks, 0 … 1, by the rules of `segue.domain.model.content.rules`.
    catalogue_mean : float
        Mean score of all tracks.
    difference : float
        ``score`` minus ``catalogue_mean``, in the catalogue's standard deviations; 0 if all scores are equal.
    """

    mood: Mood
    score: WeightedMean
    catalogue_mean: float
    difference: float


@dataclass(frozen=True, slots=True)
class MoodProfile:
    """All moods, the greatest difference first."""

    support: Support
    moods: tuple[MoodScore, ...]


def audio_profile(reference: Reference, played: EventColumns) -> AudioProfile | Lack:
    """Compare each feature of what is played with the catalogue."""
    known = played.liked
    rows = played.row[known]
    known[known] = ~np.isnan(reference.audio[rows]).all(axis=1)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks with audio features, there are {support.tracks}", support)
    rows, weight = played.row[known], played.weight[known]
    percentile, value = reference.audio[rows], reference.catalogue.audio[rows][:, COLUMNS]
    features = []
    for place, name in enumerate(FEATURES):
        some = ~np.isnan(percentile[:, place])
        if some.any():
            p, w = percentile[some, place].astype(np.float64), weight[some]
            low, middle, high = weighted_quantiles(p, w, (0.25, 0.5, 0.75))
            # Percentiles have the same order as values, so both medians are of the same track.
            at = int(np.argmin(np.abs(p - middle)))
            features.append(AudioFeature(name, estimate(p, w), low, high, float(value[some, place][at])))
    return AudioProfile(support, tuple(features))


def mood_profile(reference: Reference, played: EventColumns) -> MoodProfile | Lack:
    """Score what is played for each mood, and compare with the catalogue."""
    known = played.liked
    known[known] = ~np.isnan(reference.audio[played.row[known]]).all(axis=1)
    support = played.support(known)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks with audio features, there are {support.tracks}", support)
    scores = mood_scores(reference.audio[played.row[known]]).astype(np.float64)
    weight = played.weight[known]
    moods = []
    for mood, column, mean, deviation in zip(
        Mood, scores.T, reference.mood_mean.tolist(), reference.mood_deviation.tolist(), strict=True
    ):
        score = estimate(column, weight)
        moods.append(MoodScore(mood, score, mean, (score.mean - mean) / deviation if deviation else 0.0))
    return MoodProfile(support, tuple(sorted(moods, key=lambda each: -each.difference)))
