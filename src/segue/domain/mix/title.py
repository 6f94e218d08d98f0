"""Titles of mixes, from their tracks: "Melancholic indie: A, B and more"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.tracks import AUDIO_FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.vector.column import Labels

Tone = tuple[float, float]
"""Valence and energy, 0 … 1 each."""

ADJECTIVES = {(1, 1): "Upbeat", (1, -1): "Mellow", (-1, 1): "Intense", (-1, -1): "Melancholic"}
"""Adjectives by the signs of valence and energy: the four quarters of the circumplex (Russell, "A circumplex
model of affect", 1980)."""
CLEAR_TONE = 0.1
"""Minimum distance of both valence and energy from the ordinary tone before a title has an adjective."""

COMMON = 1 / 3
"""Share of a group's weight above which a genre is common in the group."""

_ROUNDED = 1e-9
_TONE = [AUDIO_FEATURES.index(name) for name in ("valence", "energy")]


def ordinary_tone(catalogue: Catalogue) -> Tone:
    """Return the median valence and energy of a catalogue, 0.5 where unknown."""
    return _mean_or(np.array([_median(catalogue.audio[:, column]) for column in _TONE]), (0.5, 0.5))


def mix_titles(
    catalogue: Catalogue,
    rows: NDArray[np.int32],
    weight: NDArray[np.float64],
    group: NDArray[np.intp],
    ordinary: Tone,
) -> list[str]:
    """Give each group of a history a different title.

    Parameters
    ----------
    catalogue : Catalogue
    rows : int32 (h,)
        Catalogue rows of the history's tracks.
    weight : float64 (h,)
        Weight of each track, > 0.
    group : intp (h,)
        Group of each track, 0 … without gaps.
    ordinary : Tone
        From `ordinary_tone`; adjectives are chosen by the difference from it.
    """
    n = int(group.max()) + 1
    genre_names = _typical(catalogue.genres, rows, weight, group, n)
    artist_names = _heaviest(catalogue.artists, rows, weight, group, n)
    plain: list[str] = []
    titles: list[str] = []
    for number in range(n):
        inside = group == number
        adjective = _adjective(catalogue.audio[rows[inside]][:, _TONE], weight[inside], ordinary)
        words = f"{adjective} {genre_names[number] or 'mix'}".strip()
        title = words[0].upper() + words[1:] + _by(artist_names[number])
        plain.append(title)
        again = plain.count(title)
        titles.append(f"{title} ({again})" if again > 1 else title)
    return titles


def _typical(
    genres: Labels, rows: NDArray[np.int32], weight: NDArray[np.float64], group: NDArray[np.intp], n: int
) -> list[str]:
    """Return the genre that is common in each group and more common than in other groups; empty for none.

    A genre is common if tracks with `COMMON` of the group's weight have it; if no genre is, the most frequent
    one is. Of the common genres, the greatest p · (1 + log(p / q)) is taken, where p is the genre's share of
    the group (the genres of a track share its weight) and q its mean share over all groups.
    """
    place, by = genres.places_of(rows)
    if not len(place):
        return [""] * n
    known, column = np.unique(genres.label_index[place], return_inverse=True)
    cell, shape = group[by] * len(known) + column, (n, len(known))
    part = weight / np.maximum(np.bincount(by, minlength=len(rows)), 1)
    total = np.bincount(cell, part[by], n * len(known)).reshape(shape)
    share = total / np.maximum(total.sum(axis=1, keepdims=True), 1e-12)
    with_it = np.bincount(cell, weight[by], n * len(known)).reshape(shape)
    enough = np.minimum(COMMON * np.bincount(group, weight, n), with_it.max(axis=1))[:, None]
    common = (with_it >= enough * (1 - _ROUNDED)) & (share > 0)
    more = np.log(np.where(common, share, 1) / share.mean(axis=0))
    best = np.where(common, share * (1 + more), -np.inf).argmax(axis=1)
    return [
        genres.names[label] if some else ""
        for label, some in zip(known[best].tolist(), common.any(axis=1).tolist(), strict=True)
    ]


def _heaviest(
    artists: Labels, rows: NDArray[np.int32], weight: NDArray[np.float64], group: NDArray[np.intp], n: int
) -> list[list[str]]:
    """Return the two heaviest artists of each group; a track counts for its first artist."""
    place, by = artists.places_of(rows)
    first = np.flatnonzero(np.diff(by, prepend=-1))
    place, by = place[first], by[first]
    known, column = np.unique(artists.label_index[place], return_inverse=True)
    total = np.bincount(group[by] * len(known) + column, weight[by], n * len(known)).reshape(n, len(known))
    order = np.argsort(-total, axis=1, kind="stable")[:, :2]
    return [
        [artists.names[int(known[each])] for each in best if total[number, each] > 0]
        for number, best in enumerate(order.tolist())
    ]


def _by(artists: list[str]) -> str:
    return f": {', '.join(artists)} and more" if artists else ""


def _adjective(tone: NDArray[np.float32], weight: NDArray[np.float64], ordinary: Tone) -> str:
    known = ~np.isnan(tone).any(axis=1)
    if not known.any():
        return ""
    apart = np.average(tone[known], axis=0, weights=weight[known]) - ordinary
    return (
        ADJECTIVES[int(np.sign(apart[0])), int(np.sign(apart[1]))] if (abs(apart) >= CLEAR_TONE).all() else ""
    )


def _median(values: NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan
    middle = np.sort(known)[(len(known) - 1) // 2 : len(known) // 2 + 1]
    return float(middle.mean())  # as np.median, which imports numpy.ma, 2 % of a cold start


def _mean_or(values: NDArray[np.float64], fallback: Tone) -> Tone:
    valence, energy = np.where(np.isnan(values), fallback, values).tolist()
    return valence, energy
