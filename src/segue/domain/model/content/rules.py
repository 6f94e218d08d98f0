"""Moods and situations by rule: percentiles of audio features, weighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.mood import FEATURES, mood_weights
from segue.domain.model.candidate_source import ReasonKind, ScoreParts
from segue.domain.model.member import Member
from segue.domain.vector.top_n import top_n
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.mood import Mood
    from segue.domain.listening.situation import Situation


@dataclass(frozen=True, slots=True)
class MoodRules:
    """How the tracks sound compared with each other, and how situations change what is played.

    Attributes
    ----------
    percentile : float32 (n_items, n_features)
        Share of the catalogue that has less of a feature of `segue.domain.listening.mood.FEATURES`, half of
        those with as much included; 0.5 where unknown.
    circumstances : tuple of str (n_circumstances,)
    shift : float32 (n_circumstances, n_features)
        By how much the mean percentile of what is played is higher then than otherwise.
    n_events : int64 (n_circumstances,)
        Events that each row was learnt from; 0 for the prior itself.

    Raises
    ------
    InvalidInputError
        The arrays do not fit each other: fit them again.
    """

    percentile: NDArray[np.float32]
    circumstances: tuple[str, ...]
    shift: NDArray[np.float32]
    n_events: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.circumstances)
        shapes = (self.percentile.shape[1:], self.shift.shape, self.n_events.shape)
        if shapes != ((len(FEATURES),), (n, len(FEATURES)), (n,)):
            raise InvalidInputError(f"rules of {n} circumstances and {len(FEATURES)} features: not {shapes}.")

    def shift_of(self, situation: Situation) -> NDArray[np.float32]:
        """Return how a situation changes what is played, float32 (n_features,).

        What it consists of adds up; what the table does not have changes nothing.
        """
        rows = [place for place, name in enumerate(self.circumstances) if name in situation.circumstances]
        total: NDArray[np.float32] = self.shift[rows].sum(axis=0)
        return total


@dataclass(frozen=True, slots=True)
class MoodSource:
    """Tracks that sound as asked, as a source of candidates; from `mood_source`.

    Attributes
    ----------
    percentile : float32 (n_items, n_features)
    mood, situation : float32 (n_features,)
        What each asks of a feature: high values above 0, low ones below. All sizes sum to at most 1.
    """

    percentile: NDArray[np.float32]
    mood: NDArray[np.float32]
    situation: NDArray[np.float32]

    def best(self, n: int) -> NDArray[np.int32]:
        """Return the ``n`` tracks that suit best, int32; none if nothing is asked."""
        if not (self.mood.any() or self.situation.any()):
            return np.empty(0, np.int32)
        return top_n(self.percentile @ (self.mood + self.situation), n)

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,) in [0, 1]: how well their features suit, weighted.

        A feature suits by its percentile p where much is asked, by 1 - p where little.
        """
        wanted = self.mood + self.situation
        little = np.minimum(self.mood, 0).sum() + np.minimum(self.situation, 0).sum()
        scores: NDArray[np.float32] = self.percentile[rows] @ wanted - little
        return scores

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Split scores over the features that mood and situation ask for."""
        found, percentile = [], self.percentile[rows]
        for kind, weights in ((ReasonKind.MOOD, self.mood), (ReasonKind.CONTEXT, self.situation)):
            value = np.where(weights > 0, weights * percentile, -weights * (1 - percentile))
            at, feature = np.divmod(np.arange(value.size), len(FEATURES))
            found.append(ScoreParts(kind, at, value.ravel(), feature, FEATURES))
        return found


def mood_source(rules: MoodRules, mood: Mood | None = None, situation: Situation | None = None) -> MoodSource:
    """Prepare what a mood asks for, a situation, or a mood in a situation.

    A mood weighs 1 and a situation as much as the shifts it causes: one that changes little what is
    played changes little what is recommended. With percentiles, which all vary alike, weights in
    proportion to the shift of the mean are those of a linear discriminant, correlations left aside.
    """
    nothing = np.zeros(len(FEATURES), np.float32)
    wish = nothing if mood is None else mood_weights(mood)
    shift = nothing if situation is None else rules.shift_of(situation)
    # Never scaled up: a situation that changes little says little, and its scores differ little.
    size = max(1.0, float(np.abs(wish).sum() + np.abs(shift).sum()))
    return MoodSource(rules.percentile, wish / np.float32(size), shift / np.float32(size))


def _build(
    n_items: int,
    percentile: NDArray[np.float32],
    shift: NDArray[np.float32],
    n_events: NDArray[np.int64],
    circumstances: tuple[str, ...],
    features: tuple[str, ...],
) -> MoodRules:
    if features != FEATURES or len(percentile) != n_items:
        raise InvalidInputError(f"{len(percentile)} rows of {', '.join(features)} for {n_items} tracks")
    return MoodRules(percentile, circumstances, shift, n_events)


MEMBER = Member(
    name="rules",
    arrays={"percentile": (np.float32, 2), "shift": (np.float32, 2), "n_events": (np.int64, 1)},
    values={"circumstances": tuple, "features": tuple},
    take_apart=lambda rules: (
        (rules.percentile, rules.shift, rules.n_events),
        {"circumstances": rules.circumstances, "features": FEATURES},
    ),
    build=_build,
)
