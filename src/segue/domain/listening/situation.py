"""Situations of listening, and the moods they call for before a model learns from events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.mood import FEATURES, Mood, mood_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class TimeOfDay(StrEnum):
    """Part of the listener's day."""

    MORNING = "morning"
    """From 05:00."""
    AFTERNOON = "afternoon"
    """From 12:00."""
    EVENING = "evening"
    """From 18:00."""
    NIGHT = "night"
    """From 22:00."""


class Day(StrEnum):
    """Workday or weekend."""

    WORKDAY = "workday"
    """Monday to Friday."""
    WEEKEND = "weekend"


class Activity(StrEnum):
    """What the listener does while listening."""

    COMMUTE = "commute"
    WORK = "work"
    STUDY = "study"
    WORKOUT = "workout"
    PARTY = "party"
    RELAX = "relax"
    DINNER = "dinner"
    SLEEP = "sleep"


class Weather(StrEnum):
    """The weather outside."""

    SUNNY = "sunny"
    CLOUDY = "cloudy"
    RAINY = "rainy"
    STORMY = "stormy"
    SNOWY = "snowy"


CIRCUMSTANCES: tuple[str, ...] = tuple(
    str(each) for kind in (TimeOfDay, Day, Activity, Weather) for each in kind
)
"""All circumstances of which a situation can consist; each name occurs in only one of the four lists."""

PRIOR: Mapping[str, Mapping[Mood, float]] = {
    TimeOfDay.MORNING: {Mood.HAPPY: 0.6, Mood.CHILL: 0.4},
    TimeOfDay.AFTERNOON: {Mood.ENERGETIC: 0.5, Mood.HAPPY: 0.5},
    TimeOfDay.EVENING: {Mood.CHILL: 0.5, Mood.ROMANTIC: 0.5},
    TimeOfDay.NIGHT: {Mood.CHILL: 0.7, Mood.MELANCHOLIC: 0.3},
    Day.WORKDAY: {Mood.FOCUSED: 0.5},
    Day.WEEKEND: {Mood.PARTY: 0.5},
    Activity.COMMUTE: {Mood.ENERGETIC: 0.5, Mood.HAPPY: 0.5},
    Activity.WORK: {Mood.FOCUSED: 1.0},
    Activity.STUDY: {Mood.FOCUSED: 1.0, Mood.CHILL: 0.5},
    Activity.WORKOUT: {Mood.WORKOUT: 2.0},
    Activity.PARTY: {Mood.PARTY: 2.0},
    Activity.RELAX: {Mood.CHILL: 1.5},
    Activity.DINNER: {Mood.ROMANTIC: 1.0},
    Activity.SLEEP: {Mood.CHILL: 2.0, Mood.FOCUSED: 0.5},
    Weather.SUNNY: {Mood.HAPPY: 0.5},
    Weather.CLOUDY: {Mood.CHILL: 0.25},
    Weather.RAINY: {Mood.MELANCHOLIC: 0.5, Mood.CHILL: 0.25},
    Weather.STORMY: {Mood.MELANCHOLIC: 0.25, Mood.FOCUSED: 0.25},
    Weather.SNOWY: {Mood.CHILL: 0.25, Mood.ROMANTIC: 0.25},
}
"""The moods that each circumstance calls for, and how much; docs/rules.md gives the reasons."""

PRIOR_SHIFT = 0.3
"""Share of the catalogue's range by which one whole mood moves the features, summed over all features."""

_PART_OF_HOUR = np.repeat([3, 0, 1, 2, 3], [5, 7, 6, 4, 2])
"""Position in `TimeOfDay` of each hour."""


@dataclass(frozen=True, slots=True)
class Situation:
    """When and where the music is heard; None for anything unknown."""

    time_of_day: TimeOfDay | None = None
    day: Day | None = None
    activity: Activity | None = None
    weather: Weather | None = None

    @property
    def circumstances(self) -> tuple[str, ...]:
        """The known circumstances, as names of `CIRCUMSTANCES`."""
        known = (self.time_of_day, self.day, self.activity, self.weather)
        return tuple(str(each) for each in known if each is not None)


def circumstances_of(at: NDArray[np.datetime64]) -> NDArray[np.int16]:
    """Return the part of the day and the kind of day, int16 (n, 2), as rows of `CIRCUMSTANCES`.

    Parameters
    ----------
    at : datetime64[s] (n,)
        Times by the listeners' clocks; NaT gives -1.
    """
    known = ~np.isnat(at)
    hours = np.where(known, at, np.datetime64(0, "s")).astype("datetime64[h]").astype(np.int64)
    weekday = (hours // 24 + 3) % 7  # 1970 began on a Thursday
    rows = np.column_stack([_PART_OF_HOUR[hours % 24], len(TimeOfDay) + (weekday >= 5)])
    return np.where(known[:, None], rows, -1).astype(np.int16)


def prior_shift(circumstance: str) -> NDArray[np.float32]:
    """Return how much a circumstance moves the audio features of plays, before a model learns it.

    Returns
    -------
    float32 (n_features,)
        Differences in mean percentile of the catalogue, in [-1, 1], in the order of `FEATURES`.
    """
    moods = PRIOR.get(circumstance, {})
    shift = sum((share * mood_weights(mood) for mood, share in moods.items()), np.zeros(len(FEATURES)))
    return (PRIOR_SHIFT * shift).astype(np.float32)
