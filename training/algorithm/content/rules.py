"""Fit the rules: each track's place in the catalogue, and what is played in which situation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.domain.listening.mood import FEATURES
from segue.domain.listening.situation import CIRCUMSTANCES, circumstances_of, prior_shift
from segue.domain.model.content.rules import MoodRules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.interactions import Interactions

PRIOR_EVENTS = 500
"""Number of events that weigh as much as a prior."""

_HEARD = tuple(
    EVENT_KINDS.index(kind) for kind in (EventKind.PLAY, EventKind.LIKE, EventKind.SAVE, EventKind.PURCHASE)
)


def fit_rules(
    catalogue: Catalogue, interactions: Interactions | None = None, utc_offset_s: int = 0
) -> MoodRules:
    """Turn features into percentiles, and learn how situations change what is played.

    A listener who plays calm music all day is no sign that mornings are calm: a circumstance's shift is the
    mean, over its events, of the track's percentile less the mean percentile of what the same user plays.
    Shrunk towards the prior it is (n shift + k prior) / (n + k), k = `PRIOR_EVENTS`.

    Parameters
    ----------
    catalogue : Catalogue
    interactions : Interactions, optional
        Plays, likes, saves and purchases are learnt from, in those circumstances that their time and their
        context label tell; a label counts if it is one of `segue.domain.listening.situation.CIRCUMSTANCES`.
    utc_offset_s : int
        Of the listeners' clocks, in seconds, as interactions have times in UTC.
    """
    columns = [AUDIO_FEATURES.index(name) for name in FEATURES]
    percentile = percentiles(catalogue.audio[:, columns])
    prior = np.stack([prior_shift(name) for name in CIRCUMSTANCES])
    if interactions is None:
        return MoodRules(percentile, CIRCUMSTANCES, prior, np.zeros(len(CIRCUMSTANCES), np.int64))
    total, n_events = _observe(catalogue, percentile, interactions, utc_offset_s)
    shift = (total + PRIOR_EVENTS * prior) / (n_events + PRIOR_EVENTS)[:, None]
    return MoodRules(percentile, CIRCUMSTANCES, shift.astype(np.float32), n_events)


def percentiles(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rank of each row in each column, float32 in (0, 1); 0.5 if unknown.

    The share of the known rows that have less, and half of those that have as much.
    """
    rank = rankdata(features, axis=0, nan_policy="omit")
    known = np.maximum((~np.isnan(features)).sum(axis=0), 1)
    return np.where(np.isnan(features), 0.5, (rank - 0.5) / known).astype(np.float32)


def _observe(
    catalogue: Catalogue, percentile: NDArray[np.float32], interactions: Interactions, utc_offset_s: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum the shifts of every circumstance, float64 (n, n_features), and count their events, int64 (n,)."""
    item = catalogue.vocabulary.index_of(interactions.items.item_id.tolist())[interactions.item_index]
    heard = np.flatnonzero((item != UNKNOWN_ITEM) & np.isin(interactions.kind, _HEARD))
    user, played = interactions.user_index[heard], percentile[item[heard]].astype(np.float64)
    n_users = len(interactions.users)
    per_user = np.maximum(np.bincount(user, minlength=n_users), 1)
    usual = np.stack([np.bincount(user, column, minlength=n_users) / per_user for column in played.T], 1)
    differs = played - usual[user]
    found = _found(interactions, heard, utc_offset_s)
    n_events = np.array([hit.sum() for hit in found], np.int64)
    return np.stack([differs[hit].sum(axis=0) for hit in found]), n_events


def _found(interactions: Interactions, heard: NDArray[np.intp], utc_offset_s: int) -> list[NDArray[np.bool_]]:
    """Which events lie in each of `CIRCUMSTANCES`, by their time or by their label."""
    by_time = circumstances_of(interactions.at[heard] + np.timedelta64(utc_offset_s, "s"))
    label_of = [
        CIRCUMSTANCES.index(name) if name in CIRCUMSTANCES else -1
        for name in (label.strip().casefold() for label in interactions.contexts)
    ]
    label = np.array(label_of)[interactions.context[heard]]
    return [(by_time == row).any(axis=1) | (label == row) for row in range(len(CIRCUMSTANCES))]
