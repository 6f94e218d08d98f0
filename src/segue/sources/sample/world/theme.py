"""Draws the themes: related tracks of several genres, and the listeners who follow each theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import Pools, Stage, build_pools, stream
from segue.sources.sample.world import genre
from segue.sources.sample.world.listener import CONTEXTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.parameter import Params
    from segue.sources.sample.world.catalogue import DrawnCatalogue

THEMES = (
    ("Sunrise", "morning"),
    ("Spring Cleaning", "morning"),
    ("Road Trip", "commute"),
    ("School Days", "commute"),
    ("Deep Focus", "work"),
    ("Film Night", "work"),
    ("Last Mile", "workout"),
    ("Dinner Guests", "evening"),
    ("Rainy Day", "evening"),
    ("House Party", "party"),
    ("Late Night", "night"),
    ("Long Goodbye", "night"),
)
"""Name of each theme, and the context in which listeners play it most."""


@dataclass(frozen=True, slots=True)
class Themes:
    """The tracks and listeners of each of `THEMES`; pairs are sorted and unique.

    Attributes
    ----------
    context : int64 (n_themes,)
        Row of `CONTEXTS`.
    tracks : int64 (n, 2)
        (theme, track).
    listeners : int64 (m, 2)
        (listener, theme).
    by_theme : Pools
        Rows of ``tracks`` by theme.
    """

    context: NDArray[np.int64]
    tracks: NDArray[np.int64]
    listeners: NDArray[np.int64]
    by_theme: Pools


def build_themes(
    params: Params, seed: int, catalogue: DrawnCatalogue, n_listeners: int, fit: NDArray[np.float32]
) -> Themes:
    """Draw genres and tracks that suit each theme's context, and followers with any taste.

    ``fit``, float32 (7, n_tracks), ≤ 0, is how well each track suits each of `CONTEXTS`.
    """
    rng = stream(seed, Stage.THEME)
    context = np.array([CONTEXTS.index(name) for _, name in THEMES])
    tracks = np.concatenate(
        [
            np.column_stack([np.full(len(chosen), theme), chosen])
            for theme, row in enumerate(context.tolist())
            for chosen in [_tracks(rng, params, catalogue, fit[row])]
        ]
    )
    follows = rng.random((n_listeners, len(THEMES))) < params.theme_followers
    pools = build_pools(tracks[:, 0], np.ones(len(tracks)), len(THEMES))
    return Themes(context, tracks, np.argwhere(follows), pools)


def _tracks(
    rng: np.random.Generator, params: Params, catalogue: DrawnCatalogue, fit: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Draw the tracks of one theme, ascending: a few genres, with the same number of tracks from each."""
    stocked = np.unique(catalogue.track_genre)
    share = genre.MARKET[stocked] / genre.MARKET[stocked].sum()
    genres = rng.choice(stocked, min(params.theme_genres, len(stocked)), replace=False, p=share)
    chosen = []
    for index in genres.tolist():
        track = np.flatnonzero(catalogue.track_genre == index)
        weight = np.sqrt(catalogue.weight[track]) * np.exp(fit[track].astype(np.float64)) + 1e-9
        n = min(params.theme_tracks, len(track))
        chosen.append(rng.choice(track, n, replace=False, p=weight / weight.sum()))
    return np.sort(np.concatenate(chosen))
