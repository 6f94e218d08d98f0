"""Daily mixes: a list for each distinct taste of a listener, with familiar and new tracks.

A history is divided into tastes by the directions of its tracks' vectors. Each mix draws familiar tracks from
its part of the history, and new ones from the candidates with a similar direction; better tracks are more
likely. So tastes and titles stay, and the tracks change every day.

The same history, candidates and seed give the same mixes. For mixes that stay for a day, pass the history as
it was when the listener's day began (by their offset from UTC, if known), candidates for that history, and a
seed of the listener and the date (`segue.domain.vector.seeded_draw.draw_seed`). A new model version may
change them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.mix.title import mix_titles
from segue.domain.vector.seeded_draw import weighted_order
from segue.domain.vector.spherical_kmeans import centres, split, unit_rows
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.history import History
    from segue.domain.mix.title import Tone

MAX_HISTORY = 300
"""Maximum number of tracks that are divided into tastes; the heaviest of a longer history."""
N_REPRESENTATIVE = 3
POOL_PER_TRACK = 3
"""Size of the pool that a day's tracks are drawn from, per track of the mix; other tracks come later."""


@dataclass(frozen=True, slots=True)
class MixRules:
    """Sizes and shares of the mixes.

    Attributes
    ----------
    max_mixes : int
        Maximum number of mixes; there are fewer if the tastes are not distinct.
    n_tracks : int
        Maximum number of tracks in a mix.
    familiar : float
        Share of tracks from the history, 0 … 1. If familiar or new tracks are too few, the others fill up.
    max_per_artist : int
        Maximum number of tracks by one main artist in a mix.
    ordinary : Tone
        The catalogue's tone, from `segue.domain.mix.title.ordinary_tone`; titles are compared with it.
    """

    max_mixes: int = 6
    n_tracks: int = 25
    familiar: float = 0.4
    max_per_artist: int = 3
    ordinary: Tone = (0.5, 0.5)


@dataclass(frozen=True, slots=True)
class MixTrack:
    """A track of a mix, and the most similar track of the history.

    Attributes
    ----------
    item_index : int
    near_index : int
        Row of the most similar track in this taste's history; ``item_index`` for a familiar track.
    nearness : float
        Cosine between the two, -1 … 1.
    """

    item_index: int
    near_index: int
    nearness: float

    @property
    def is_familiar(self) -> bool:
        """Return whether the track comes from the history."""
        return self.item_index == self.near_index


@dataclass(frozen=True, slots=True)
class Mix:
    """The mix of one taste.

    Attributes
    ----------
    title : str
        Unique among the listener's mixes.
    representative : tuple of int
        Rows of the most typical tracks of this taste's history, at most `N_REPRESENTATIVE`.
    tracks : tuple of MixTrack
        In playing order; no track is in two mixes.
    """

    title: str
    representative: tuple[int, ...]
    tracks: tuple[MixTrack, ...]


@dataclass(frozen=True, slots=True)
class MixFor:
    """The listener of the mixes.

    Attributes
    ----------
    history : History
        The history as it was when the day began.
    candidates : int32 (m,)
        New tracks from the recommender, best first: a few hundred for one or two mixes, a thousand for six.
        Tracks in the history, also disliked ones, are skipped.
    seed : int
        Seed of the listener and the day.
    """

    history: History
    candidates: NDArray[np.int32]
    seed: int


def daily_mixes(
    catalogue: Catalogue,
    vectors: NDArray[np.float32],
    recording: NDArray[np.int32],
    listener: MixFor,
    rules: MixRules | None = None,
) -> list[Mix]:
    """Make a listener's mixes of a day, the strongest taste first.

    Parameters
    ----------
    catalogue : Catalogue
    vectors : float32 (n_items, d)
        Item factors or content vectors; similar tracks have similar directions. Only the rows of the history
        and the candidates are read.
    recording : int32 (n_items,)
        From `segue.domain.catalogue.recording`; no recording comes twice, whatever its ids.
    listener : MixFor
    rules : MixRules, optional

    Raises
    ------
    EmptyHistoryError
        No track of the history is liked; offer popular tracks instead.
    """
    rules = rules or MixRules()
    rows, weight = _liked(listener.history)
    unit = unit_rows(vectors[rows])
    group = split(unit, weight, rules.max_mixes)
    middle = centres(unit, weight, group)
    new = listener.candidates[
        ~np.isin(recording[listener.candidates], recording[listener.history.item_index])
    ]
    cosine = unit_rows(vectors[new]) @ middle.T
    titles = mix_titles(catalogue, rows, weight, group, rules.ordinary)
    used: set[int] = set()
    mixes = []
    for number, title in enumerate(titles):
        inside, near = group == number, cosine.argmax(axis=1) == number
        known = _drawn(listener.seed, rows[inside], np.argsort(-weight[inside], kind="stable"), rules)
        fresh = _drawn(listener.seed, new[near], _merit_order(cosine[near, number]), rules)
        chosen = _blend(catalogue, recording, (known, fresh), used, rules)
        typical = np.argsort(-weight[inside] * (unit[inside] @ middle[number]), kind="stable")
        shown = tuple(rows[inside][typical[:N_REPRESENTATIVE]].tolist())
        mixes.append(Mix(title, shown, _tracks(chosen, rows[inside], unit[inside], vectors)))
    return [mix for mix in mixes if mix.tracks]


def _liked(history: History) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the heaviest rows and their weights, > 0; the logarithm limits tracks with very many plays."""
    weight = np.log1p(np.maximum(history.confidence, 0).astype(np.float64))
    if not weight.any():
        raise EmptyHistoryError
    kept = np.sort(np.argsort(-weight, kind="stable")[:MAX_HISTORY])
    kept = kept[weight[kept] > 0]
    return history.item_index[kept], weight[kept]


def _merit_order(cosine: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the order by the sum of the recommender's rank and the rank by similarity, best first."""
    by_nearness = np.argsort(np.argsort(-cosine, kind="stable"), kind="stable")
    return np.argsort(np.arange(len(cosine)) + by_nearness, kind="stable")


def _drawn(seed: int, rows: NDArray[np.int32], order: NDArray[np.intp], rules: MixRules) -> list[int]:
    """Draw the order in which tracks are taken; a better track is more likely to come early."""
    ranked = rows[order]
    n_pool = min(POOL_PER_TRACK * rules.n_tracks, len(ranked))
    pool, rest = ranked[:n_pool], ranked[n_pool:]
    return [*pool[weighted_order(seed, pool, np.arange(n_pool, 0, -1.0))].tolist(), *rest.tolist()]


def _blend(
    catalogue: Catalogue,
    recording: NDArray[np.int32],
    sides: tuple[list[int], list[int]],
    used: set[int],
    rules: MixRules,
) -> list[int]:
    """Take familiar and new tracks in order and mix both evenly; ``used`` collects the recordings taken."""
    by_artist: dict[int, int] = {}

    def take(rows: Iterable[int], n: int) -> list[int]:
        taken: list[int] = []
        for row in rows:
            artist = int(next(iter(catalogue.artists.index_of(row)), -1))
            if len(taken) == n:
                break
            if int(recording[row]) in used or (
                artist >= 0 and by_artist.get(artist, 0) >= rules.max_per_artist
            ):
                continue
            by_artist[artist] = by_artist.get(artist, 0) + 1
            used.add(int(recording[row]))
            taken.append(row)
        return taken

    familiar, new = sides
    known = take(familiar, round(rules.familiar * rules.n_tracks))
    fresh = take(new, rules.n_tracks - len(known))
    known += take(familiar, rules.n_tracks - len(known) - len(fresh))
    place = [(i / len(side), side is fresh, row) for side in (known, fresh) for i, row in enumerate(side)]
    return [row for _, _, row in sorted(place)]


def _tracks(
    chosen: list[int], history: NDArray[np.int32], unit: NDArray[np.float32], vectors: NDArray[np.float32]
) -> tuple[MixTrack, ...]:
    if not chosen:
        return ()
    alike = unit_rows(vectors[chosen]) @ unit.T
    nearest = alike.argmax(axis=1)
    known = set(history.tolist())
    return tuple(
        MixTrack(row, row, 1.0) if row in known else MixTrack(row, int(history[place]), float(cosine))
        for row, place, cosine in zip(chosen, nearest, alike.max(axis=1), strict=True)
    )
