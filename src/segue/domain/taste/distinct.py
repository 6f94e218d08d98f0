"""Divide a listener's tracks into distinct tastes: groups of similar tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.mix.title import mix_titles
from segue.domain.taste.event_columns import Lack
from segue.domain.vector.spherical_kmeans import MIN_MEMBERS, centres, split, unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.taste.event_columns import EventColumns, Support
    from segue.domain.taste.reference import Reference

MAX_TASTES = 6
MAX_DIVIDED = 48
"""Number of tracks, evenly spread over time, that form the tastes; each other track joins the nearest."""
CLEAR_LEAD = 0.1
"""Lead, as a share of all plays, that a taste needs to replace the first taste."""
N_REPRESENTATIVE = 3
_N_HEART = 24
_NEAR = 0.05  # share of the map's width; a track this far away counts 0.6 of one at the place itself


@dataclass(frozen=True, slots=True)
class Taste:
    """A group of similar tracks.

    Attributes
    ----------
    title : str
        Unique among the listener's tastes.
    weight : float
        Share of what is played, 0 … 1.
    n_tracks : int
    representative : tuple of int
        Catalogue rows of the most typical tracks.
    position : tuple of float, or None
        The densest place of its tracks on the taste map; None if none of them is on the map.
    """

    title: str
    weight: float
    n_tracks: int
    representative: tuple[int, ...]
    position: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Tastes:
    """All tastes, the heaviest first. The first keeps its place until another leads by `CLEAR_LEAD`.

    Attributes
    ----------
    support : Support
    tastes : tuple of Taste
    rows : int32 (h,)
        Catalogue rows of all tracks.
    weight : float64 (h,)
        Share of each track in what is played; sums to 1.
    taste : intp (h,)
        Position of each track's taste in ``tastes``.
    """

    support: Support
    tastes: tuple[Taste, ...]
    rows: NDArray[np.int32]
    weight: NDArray[np.float64]
    taste: NDArray[np.intp]


def distinct_tastes(reference: Reference, played: EventColumns) -> Tastes | Lack:
    """Divide the tracks by the directions of their vectors, with the same k-means as the daily mixes."""
    liked = played.liked
    support = played.support(liked)
    if support.tracks < MIN_MEMBERS:
        return Lack(f"needs {MIN_MEMBERS} tracks, there are {support.tracks}", support)
    rows, weight = played.row[liked], played.weight[liked]
    unit = unit_rows(reference.vectors[rows])
    loud = np.log1p(weight)  # a thousand plays of one track do not make it the most typical
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
    """Return which of ``n`` tracks, in the order in which they were first heard, form the tastes.

    They stay the same until the number of tracks doubles. So one more like changes shares, but rarely titles.
    """
    known = MIN_MEMBERS
    while (more := 2 * known) <= n:
        known = more
    return np.unique(np.linspace(0, known - 1, min(known, MAX_DIVIDED)).astype(np.intp))


def _strongest(taste: NDArray[np.intp], weight: NDArray[np.float64], n_tastes: int) -> int:
    """Return the leading taste, given the taste and the weight of each event, oldest first.

    The taste that was heard first leads until another one is `CLEAR_LEAD` ahead, and so on. So a like does
    not swap two tastes of nearly equal weight.
    """
    reached = np.cumsum((taste[:, None] == np.arange(n_tastes)) * weight[:, None], axis=0)
    share = reached / reached.sum(axis=1, keepdims=True)
    leader, since = int(taste[0]), 0
    while len(ahead := np.flatnonzero((share[since:].max(axis=1) - share[since:, leader]) >= CLEAR_LEAD)):
        since += int(ahead[0])
        leader = int(share[since].argmax())
    return leader


def _heart(place: NDArray[np.float32], weight: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the place of the track with most of its taste around it; a mean may lie where no track is."""
    known = np.flatnonzero(~np.isnan(place[:, 0]))
    if not len(known):
        return None
    known = known[np.argsort(-weight[known], kind="stable")[:_N_HEART]]
    spot = place[known].astype(np.float64)
    apart = ((spot[:, None] - spot) ** 2).sum(axis=2)
    x, y = spot[int(np.argmax(np.exp(-apart / (2 * _NEAR**2)) @ np.log1p(weight[known])))].tolist()
    return x, y
