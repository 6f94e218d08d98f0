"""How a taste moves: the listener's history in parts that follow each other, and how far apart these are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.broad_genre import BroadGenre
from segue.domain.listening.mood import FEATURES
from segue.domain.taste.part.genre import entropy_nats
from segue.domain.taste.played import Lack
from segue.domain.taste.reference import memberships
from segue.domain.taste.weighted_mean import SURE_BEYOND_Z, quantile_chi_square

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from segue.domain.taste.played import EventColumns, Support
    from segue.domain.taste.reference import Reference

MAX_WINDOWS = 8
EVENTS_PER_WINDOW = 40
"""At least; shorter histories have fewer windows."""
MIN_DAYS = 14
"""Below, a change is of the day rather than of the taste."""
N_GENRES = 6
"""That have a stream of their own; the others are one."""
N_COMPARED = 12
"""That windows are compared by, the others as one: many rare genres would drown a change of great ones."""

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a history.

    Attributes
    ----------
    began_at, ended_at : float
        Of its first and last event, seconds since 1970 in UTC.
    n_events : int
    n_effective : float
        Equally weighted tracks that would say as much.
    """

    began_at: float
    ended_at: float
    n_events: int
    n_effective: float


@dataclass(frozen=True, slots=True)
class Change:
    """How far two windows are apart in genres.

    Attributes
    ----------
    divergence_bits : float
        Jensen & Shannon's: 0 for the same shares, 1 for nothing in common (Lin, "Divergence measures based on
        the Shannon entropy", 1991).
    by_chance_bits : float
        What two samples of so many tracks of one unchanged taste have on the average.
    is_sure : bool
        A likelihood-ratio test of one taste in both fails, at 99 of 100.
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
        With about as many events each.
    genres : tuple of str (n,)
        The most played, at most `N_GENRES`.
    is_broad : bool
        They are broad ones of `segue.domain.catalogue.broad_genre`, each with all finer genres that belong
        there: where the most played of the catalogue's own are less than half of what is played, and these
        are more.
    share : float64 (n_windows, n)
        Of each in each window; what is missing to 1 is other genres'.
    audio : float64 (n_windows, n_features)
        Mean percentiles by `segue.domain.listening.mood.FEATURES`; NaN where unknown.
    steps : tuple of Change
        From each window to the next.
    whole : Change
        From the first to the last.
    utc_offset : timedelta
        Of the listener's clock, by which days are written.
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
    """Cut a history into windows of as many events each, and compare them.

    Parameters
    ----------
    reference : Reference
    played : EventColumns
    utc_offset : timedelta
        Of the listener's clock.
    since : datetime, optional
        Of what was before, not all was read: it is left out.
    """
    genres = reference.catalogue.genres
    known = played.liked
    usable = known.copy()
    usable[usable] = np.diff(genres.start)[played.row[usable]] > 0
    of_time = (played.taste > 0) & ~np.isnan(played.at)
    if since is not None:
        of_time &= played.at >= since.timestamp()
    timed = usable[played.track] & of_time
    speaks, support = np.flatnonzero(timed), played.support_of_events(timed)
    n_windows = min(MAX_WINDOWS, len(speaks) // EVENTS_PER_WINDOW)
    days = float(np.ptp(played.at[speaks])) / _DAY_S if len(speaks) else 0.0
    if n_windows < 2 or days < MIN_DAYS:
        least = f"{2 * EVENTS_PER_WINDOW} events with a time over {MIN_DAYS} days"
        found = f"there are {len(speaks)} over {math.floor(10 * days) / 10:g}"
        if without := int(np.count_nonzero(known[played.track] & of_time)) - len(speaks):
            found += f", and {without} more of tracks without a genre in the catalogue"
        return Lack(f"needs {least}, {found}", support)
    window = np.arange(len(speaks)) * n_windows // len(speaks)
    weight = _by_window(window, played.track[speaks], played.taste[speaks], len(played.track_ids))
    tracks = np.flatnonzero(usable)
    rows, weight = played.row[tracks], weight[:, tracks]
    share = _genres_by_window(reference, rows, weight)
    size = weight.sum(axis=1) ** 2 / (weight**2).sum(axis=1)
    edge = np.flatnonzero(np.diff(window, prepend=-1, append=n_windows))
    windows = tuple(
        Window(float(played.at[speaks[a]]), float(played.at[speaks[b - 1]]), int(b - a), float(n))
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
    """Return the columns with most in all, at most `N_GENRES` and none that is empty, and what they hold."""
    order = np.argsort(-share.sum(axis=0), kind="stable")[:N_GENRES]
    most = order[share[:, order].any(axis=0)]
    return most, share[:, most]


def change(p: NDArray[np.float64], q: NDArray[np.float64], n_p: float, n_q: float) -> Change:
    """Compare two sets of shares that samples of ``n_p`` and ``n_q`` tracks gave.

    2 N JS with the samples' sizes for weights is the likelihood ratio G of one taste in both, which by
    chance is distributed as χ² with one degree of freedom less than there are genres (Wilks 1938).
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
    """Return Jensen & Shannon's divergence of shares that sum to 1 each, 0 … 1."""
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
    """Shares, float64 (n_windows, n_genres)."""
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
    found = np.full((len(weight), len(FEATURES)), np.nan)
    np.divide(total, size, out=found, where=size > 0)
    return found
