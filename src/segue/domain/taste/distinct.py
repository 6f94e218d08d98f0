"""The distinct tastes of one listener: groups of tracks that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.mix.title import mix_titles
from segue.domain.taste.played import Lack
from segue.domain.vector.spherical_kmeans import MIN_MEMBERS, centres, split, unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.taste.played import EventColumns, Support
    from segue.domain.taste.reference import Reference

MAX_TASTES = 6
MAX_DIVIDED = 48
"""Of longer histories so many tracks are divided, evenly over time; every other joins the nearest taste."""
CLEAR_LEAD = 0.1
"""Share of what is played by which a taste has to be ahead of the strongest one to take its place."""
N_REPRESENTATIVE = 3
_N_HEART = 24
_NEAR = 0.05  # of the width of the map: what lies so far away counts 0.6 of what lies in the place itself


@dataclass(frozen=True, slots=True)
class Taste:
    """Tracks that are alike.

    Attributes
    ----------
    title : str
        No two tastes of a listener have the same.
    weight : float
        Share of what is played, 0 … 1.
    n_tracks : int
    representative : tuple of int
        Rows of the tracks that say most of it.
    position : tuple of float, or None
        On the map of tastes: where its tracks lie closest; None where none of them is on it.
    """

    title: str
    weight: float
    n_tracks: int
    representative: tuple[int, ...]
    position: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Tastes:
    """All tastes, the heaviest first; a taste stays the first until another one is `CLEAR_LEAD` ahead.

    Attributes
    ----------
    support : Support
    tastes : tuple of Taste
    rows : int32 (h,)
        Every track.
    weight : float64 (h,)
        Share of what is played; sums to 1.
    taste : intp (h,)
        Which of ``tastes`` it belongs to.
    """

    support: Support
    tastes: tuple[Taste, ...]
    rows: NDArray[np.int32]
    weight: NDArray[np.float64]
    taste: NDArray[np.intp]


def distinct_tastes(reference: Reference, played: EventColumns) -> Tastes | Lack:
    """Divide what is played as the daily mixes are divided, by the directions of the tracks' vectors."""
    liked = played.liked
    support = played.support(liked)
    if support.tracks < MIN_MEMBERS:
        return Lack(f"needs {MIN_MEMBERS} tracks, there are {support.tracks}", support)
    rows, weight = played.row[liked], played.weight[liked]
    unit = unit_rows(reference.vectors[rows])
    loud = np.log1p(weight)  # a thousand plays do not make a middle a thousand times
    settled = _settled(len(rows))
    alike = np.ones(len(settled))
    divided = split(unit[settled], alike, MAX_TASTES)
    middle = centres(unit[settled], alike, divided)
    cosine = unit @ middle.T
    group = cosine.argmax(axis=1)
    group[settled] = divided
    share = np.bincount(group, weight / weight.sum(), len(middle))
    speaks = np.flatnonzero(liked[played.track] & (played.taste > 0))
    first = _strongest(group[(np.cumsum(liked) - 1)[played.track[speaks]]], played.taste[speaks], len(share))
    order = np.argsort(np.where(np.arange(len(share)) == first, -np.inf, -share), kind="stable")
    group = np.argsort(order)[group]
    titles = mix_titles(reference.catalogue, rows[settled], alike, group[settled], reference.tone)
    merit = loud * cosine[np.arange(len(rows)), order[group]]
    place = reference.layout.position[rows]
    tastes = []
    for number, title in enumerate(titles):
        inside = np.flatnonzero(group == number)
        best = inside[np.argsort(-merit[inside], kind="stable")[:N_REPRESENTATIVE]]
        tastes.append(
            Taste(
                title,
                float(share[order[number]]),
                len(inside),
                tuple(rows[best].tolist()),
                _heart(place[inside], weight[inside]),
            )
        )
    return Tastes(support, tuple(tastes), rows, weight / weight.sum(), group)


def _settled(n: int) -> NDArray[np.intp]:
    """Return which of ``n`` tracks, in the order in which they were first heard, are divided into tastes.

    They stay the same until twice as many are known: a like moves shares, and hardly ever names.
    """
    known = MIN_MEMBERS
    while (more := 2 * known) <= n:
        known = more
    return np.unique(np.linspace(0, known - 1, min(known, MAX_DIVIDED)).astype(np.intp))


def _strongest(taste: NDArray[np.intp], weight: NDArray[np.float64], n_tastes: int) -> int:
    """Return the taste that leads, given the taste of each event, oldest first, and what the event adds.

    The first one to be heard leads until another one is `CLEAR_LEAD` ahead, and so on. So a like that moves
    two near-equal tastes past each other changes nothing.
    """
    reached = np.cumsum((taste[:, None] == np.arange(n_tastes)) * weight[:, None], axis=0)
    share = reached / reached.sum(axis=1, keepdims=True)
    leader, since = int(taste[0]), 0
    while len(ahead := np.flatnonzero((share[since:].max(axis=1) - share[since:, leader]) >= CLEAR_LEAD)):
        since += int(ahead[0])
        leader = int(share[since].argmax())
    return leader


def _heart(place: NDArray[np.float32], weight: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the place of the track that has most of a taste around it: a mean may lie where nothing is."""
    known = np.flatnonzero(~np.isnan(place[:, 0]))
    if not len(known):
        return None
    known = known[np.argsort(-weight[known], kind="stable")[:_N_HEART]]
    spot = place[known].astype(np.float64)
    apart = ((spot[:, None] - spot) ** 2).sum(axis=2)
    x, y = spot[int(np.argmax(np.exp(-apart / (2 * _NEAR**2)) @ np.log1p(weight[known])))].tolist()
    return x, y
