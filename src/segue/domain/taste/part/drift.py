"""Taste over time: the history is cut into successive windows, and their genres are compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.broad_genre import BroadGenre
from segue.domain.listening.mood import FEATURES
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.part.genre import entropy_nats
from segue.domain.taste.reference import memberships
from segue.domain.taste.weighted_mean import SURE_BEYOND_Z, quantile_chi_square

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from segue.domain.taste.event_columns import EventColumns, Support
    from segue.domain.taste.reference import Reference

MAX_WINDOWS = 8
EVENTS_PER_WINDOW = 40
"""Minimum number of events in a window; shorter histories have fewer windows."""
MIN_DAYS = 14
"""Minimum length of a history; in a shorter one, a change may come from the day and not from the taste."""
N_GENRES = 6
"""Number of genres shown separately; all others are merged into one stream."""
N_COMPARED = 12
"""Number of genres compared separately; all others are merged, so that rare ones do not hide a change."""

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a history.

    Attributes
    ----------
    began_at, ended_at : float
        Time of the first and last event, seconds since 1970 in UTC.
    n_events : int
    n_effective : float
        Number of equally weighted tracks that give the same error.
    """

    began_at: float
    ended_at: float
    n_events: int
    n_effective: float


@dataclass(frozen=True, slots=True)
class Change:
    """Difference between the genres of two windows.

    Attributes
    ----------
    divergence_bits : float
        Jensen-Shannon divergence: 0 for equal shares, 1 for no genre in common (Lin, "Divergence measures
        based on the Shannon entropy", 1991).
    by_chance_bits : float
        Mean divergence of two samples of this size from one unchanged taste.
    is_sure : bool
        A likelihood-ratio test rejects one unchanged taste at the 1 % level.
    """

    divergence_bits: float
    by_chance_bits: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """A taste over time.

    Attributes
    ----------
    support : Support
    windows : tuple of Window
        Each has about the same number of events.
    genres : tuple of str (n,)
        The most played genres, at most `N_GENRES`.
    is_broad : bool
        Whether ``genres`` are those of `segue.domain.catalogue.broad_genre`. They are used where the most
        played genres of the catalogue cover less than half of what is played, and the broad ones cover more.
    share : float64 (n_windows, n)
        Share of each genre in each window; other genres have the rest.
    audio : float64 (n_windows, n_features)
        Mean percentiles by `segue.domain.listening.mood.FEATURES`; NaN where unknown.
    steps : tuple of Change
        Change from each window to the next.
    whole : Change
        Change from the first window to the last.
    utc_offset : timedelta
        The listener's clock minus UTC.
    """

    support: Support
    windows: tuple[Window, ...]
    genres: tuple[str, ...]
    is_broad: bool
    share: NDArray[np.float64]
    audio: NDArray[np.float64]
    steps: tuple[Change, ...]
    whole: Change
    utc_offset: timedelta


def taste_drift(
    reference: Reference,
    played: EventColumns,
    utc_offset: timedelta = timedelta(0),
    since: datetime | None = None,
) -> Drift | Lack:
    """Cut a history into windows with equal numbers of events, and compare them.

    Parameters
    ----------
    reference : Reference
    played : EventColumns
    utc_offset : timedelta
        The listener's clock minus UTC.
    since : datetime, optional
        Earlier events are ignored, because not all of them were read.
    """
    genres = reference.catalogue.genres
    known = played.liked
    usable = known.copy()
    usable[usable] = np.diff(genres.start)[played.row[usable]] > 0
    timed = (played.taste > 0) & ~np.isnan(played.at)
    if since is not None:
        timed &= played.at >= since.timestamp()
    counts = usable[played.track] & timed
    event, support = np.flatnonzero(counts), played.support_of_events(counts)
    n_windows = min(MAX_WINDOWS, len(event) // EVENTS_PER_WINDOW)
    days = float(np.ptp(played.at[event])) / _DAY_S if len(event) else 0.0
    if n_windows < 2 or days < MIN_DAYS:
        least = f"{2 * EVENTS_PER_WINDOW} events with a time over {MIN_DAYS} days"
        present = f"there are {len(event)} over {math.floor(10 * days) / 10:g}"
        if without := int(np.count_nonzero(known[played.track] & timed)) - len(event):
            present += f", and {without} more of tracks without a genre in the catalogue"
        return Lack(f"needs {least}, {present}", support)
    window = np.arange(len(event)) * n_windows // len(event)
    weight = _by_window(window, played.track[event], played.taste[event], len(played.track_ids))
    tracks = np.flatnonzero(usable)
    rows, weight = played.row[tracks], weight[:, tracks]
    share = _genres_by_window(reference, rows, weight)
    size = weight.sum(axis=1) ** 2 / (weight**2).sum(axis=1)
    edge = np.flatnonzero(np.diff(window, prepend=-1, append=n_windows))
    windows = tuple(
        Window(float(played.at[event[a]]), float(played.at[event[b - 1]]), int(b - a), float(n))
        for a, b, n in zip(edge[:-1].tolist(), edge[1:].tolist(), size.tolist(), strict=True)
    )
    order = np.argsort(-share.sum(axis=0), kind="stable")
    most, shown = _most(share)
    broad, broad_shown = _most(share @ reference.broad)
    is_broad = bool(shown.sum() / n_windows < 0.5 and broad_shown.sum() > shown.sum())
    names = [genres.names[label] for label in most.tolist()]
    rest = share[:, order[N_COMPARED:]].sum(axis=1, keepdims=True)
    compared = np.concatenate([share[:, order[:N_COMPARED]], rest], axis=1)
    return Drift(
        support,
        windows,
        tuple(str(tuple(BroadGenre)[place]) for place in broad.tolist()) if is_broad else tuple(names),
        is_broad,
        broad_shown if is_broad else shown,
        _audio_by_window(reference.audio[rows], weight),
        tuple(
            change(compared[place], compared[place + 1], float(size[place]), float(size[place + 1]))
            for place in range(n_windows - 1)
        ),
        change(compared[0], compared[-1], float(size[0]), float(size[-1])),
        utc_offset,
    )


def _most(share: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the columns with the greatest sums, at most `N_GENRES`, none empty, and their shares."""
    order = np.argsort(-share.sum(axis=0), kind="stable")[:N_GENRES]
    most = order[share[:, order].any(axis=0)]
    return most, share[:, most]


def change(p: NDArray[np.float64], q: NDArray[np.float64], n_p: float, n_q: float) -> Change:
    """Compare the shares of two samples, of ``n_p`` and ``n_q`` tracks.

    2 N JS, weighted by the sample sizes, is the likelihood ratio G of one taste in both samples. For one
    unchanged taste it has a χ² distribution with one degree of freedom less than there are genres (Wilks
    1938).
    """
    some = (p > 0) | (q > 0)
    p, q = p[some], q[some]
    freedom, total = max(len(p) - 1, 1), n_p + n_q
    ratio = 2 * total * _divergence_nats(p, q, n_p / total)
    return Change(
        _divergence_nats(p, q, 0.5) / math.log(2),
        (len(p) - 1) * (1 / n_p + 1 / n_q) / 8 / math.log(2),
        len(p) > 1 and ratio > quantile_chi_square(SURE_BEYOND_Z, freedom),
    )


def divergence_bits(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon divergence of two sets of shares that each sum to 1; 0 … 1."""
    return _divergence_nats(p, q, 0.5) / math.log(2)


def _divergence_nats(p: NDArray[np.float64], q: NDArray[np.float64], part: float) -> float:
    mixed = entropy_nats(part * p + (1 - part) * q)
    return max(mixed - part * entropy_nats(p) - (1 - part) * entropy_nats(q), 0.0)


def _by_window(
    window: NDArray[np.intp], track: NDArray[np.int32], taste: NDArray[np.float64], n_tracks: int
) -> NDArray[np.float64]:
    n = int(window[-1]) + 1
    total = np.asarray(np.bincount(window * n_tracks + track, taste, n * n_tracks), np.float64)
    return total.reshape(n, n_tracks)


def _genres_by_window(
    reference: Reference, rows: NDArray[np.int32], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the genre shares of each window, float64 (n_windows, n_genres)."""
    genres = reference.catalogue.genres
    place, part, by = memberships(reference.catalogue, rows)
    label = genres.label_index[place]
    n = len(genres.names)
    total = np.stack([np.bincount(label, (row * part)[by], n) for row in weight])
    return np.asarray(total / total.sum(axis=1, keepdims=True))


def _audio_by_window(audio: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(audio)
    size = weight @ known
    total = weight @ np.nan_to_num(audio.astype(np.float64))
    mean = np.full((len(weight), len(FEATURES)), np.nan)
    np.divide(total, size, out=mean, where=size > 0)
    return mean
