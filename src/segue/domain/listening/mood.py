"""Eight moods, each as weights of audio features."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FEATURES = (
    "danceability",
    "energy",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
"""Audio features that a mood can ask for; key and time signature have no order and are left out."""


class Mood(StrEnum):
    """How the music should feel."""

    ENERGETIC = "energetic"
    CHILL = "chill"
    HAPPY = "happy"
    MELANCHOLIC = "melancholic"
    PARTY = "party"
    FOCUSED = "focused"
    ROMANTIC = "romantic"
    WORKOUT = "workout"


MOODS: Mapping[Mood, Mapping[str, float]] = {
    Mood.ENERGETIC: {"energy": 3, "tempo": 1.5, "loudness": 1, "danceability": 0.5, "acousticness": -1},
    Mood.CHILL: {"energy": -3, "acousticness": 1.5, "loudness": -1, "tempo": -1, "speechiness": -0.5},
    Mood.HAPPY: {"valence": 4, "danceability": 1, "energy": 1, "mode": 1},
    Mood.MELANCHOLIC: {"valence": -4, "energy": -1.5, "mode": -1, "acousticness": 1, "danceability": -0.5},
    Mood.PARTY: {
        "danceability": 3,
        "energy": 2,
        "valence": 1.5,
        "acousticness": -1,
        "instrumentalness": -0.5,
    },
    Mood.FOCUSED: {
        "instrumentalness": 3,
        "speechiness": -2,
        "liveness": -1,
        "energy": -0.5,
        "loudness": -0.5,
    },
    Mood.ROMANTIC: {
        "acousticness": 1.5,
        "energy": -1.5,
        "speechiness": -1,
        "instrumentalness": -1,
        "tempo": -1,
        "valence": 0.5,
        "mode": 0.5,
    },
    Mood.WORKOUT: {"energy": 3, "tempo": 2, "acousticness": -1.5, "danceability": 1, "loudness": 1},
}
"""Weights of features: positive if the mood wants much of a feature, negative if it wants little. Weights
compare only within a mood. docs/rules.md gives the reasons."""


def mood_weights(mood: Mood) -> NDArray[np.float32]:
    """Return a row of `MOODS`, float32 (n_features,) in the order of `FEATURES`; the sizes sum to 1."""
    asked = np.array([MOODS[mood].get(feature, 0.0) for feature in FEATURES])
    weights: NDArray[np.float32] = (asked / np.abs(asked).sum()).astype(np.float32)
    return weights
