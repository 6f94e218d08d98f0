"""Catalogue figures that a taste is compared with; computed once for each model version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.broad_genre import broad_parts
from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.listening.mood import FEATURES, Mood, mood_weights
from segue.domain.mix.title import ordinary_tone
from segue.domain.taste.artist_tracks import Artists
from segue.domain.taste.layout import build_layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.cluster.clustering import Clustering
    from segue.domain.mix.title import Tone
    from segue.domain.model.popularity.social import Social
    from segue.domain.recommend.recommender import Recommender
    from segue.domain.taste.layout import Layout

COLUMNS = [AUDIO_FEATURES.index(name) for name in FEATURES]
"""Columns of `Catalogue.audio` with the `FEATURES` that can be ordered from less to more."""
MOOD_WEIGHTS = np.stack([mood_weights(mood) for mood in Mood])
"""Weight of each feature in each mood, float32 (n_moods, n_features)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A catalogue and its figures; made by `build_reference`.

    Attributes
    ----------
    catalogue : Catalogue
    vectors : float32 (n_items, d)
        Similar tracks have similar directions. They are content vectors, or else factors, or else genres.
    social : Social or None
    audio : float32 (n_items, n_features)
        Percentiles by `segue.domain.listening.mood.FEATURES`, 0 … 1, NaN where unknown.
    popularity : float32 (n_items,)
        Percentiles by plays, or else by the catalogue's own popularity; NaN where unknown.
    usual_popularity : float
        Mean percentile of all plays; NaN where plays are unknown.
    mood_mean, mood_deviation : float64 (n_moods,)
        Mean and standard deviation of the catalogue's mood scores, by `Mood`.
    genre_share : float64 (n_genres,)
        Share of each genre in the catalogue; sums to 1.
    broad : float64 (n_genres, n_broad)
        Share of each genre that belongs to each of `segue.domain.catalogue.broad_genre`.
    median_year : float
        NaN where no release date is known.
    tone : Tone
        The catalogue's ordinary tone, which titles are compared with.
    layout : Layout
    artists : Artists
    """

    catalogue: Catalogue
    vectors: NDArray[np.float32]
    social: Social | None
    audio: NDArray[np.float32]
    popularity: NDArray[np.float32]
    usual_popularity: float
    mood_mean: NDArray[np.float64]
    mood_deviation: NDArray[np.float64]
    genre_share: NDArray[np.float64]
    broad: NDArray[np.float64]
    median_year: float
    tone: Tone
    layout: Layout
    artists: Artists


def build_reference(model: Recommender, clustering: Clustering | None = None) -> Reference:
    """Compute the figures of a catalogue; takes about 2 µs a track."""
    catalogue = model.catalogue
    if model.content is not None:
        vectors = model.content.vectors
    else:
        vectors = model.groups if model.factors is None else model.factors.factors
    audio = np.stack([percentiles(catalogue.audio[:, column]) for column in COLUMNS], 1)
    moods = mood_scores(audio[~np.isnan(audio).all(axis=1)])
    plays = None if model.popularity is None else np.maximum(model.popularity.all_time, 0).astype(np.float64)
    popularity = percentiles(catalogue.popularity if plays is None else plays.astype(np.float32))
    usual = np.nan if plays is None or not plays.any() else float(plays @ popularity / plays.sum())
    return Reference(
        catalogue=catalogue,
        vectors=vectors,
        social=model.social,
        audio=audio,
        popularity=popularity,
        usual_popularity=usual,
        mood_mean=moods.mean(axis=0, dtype=np.float64) if len(moods) else np.full(len(Mood), np.nan),
        mood_deviation=moods.std(axis=0, dtype=np.float64) if len(moods) else np.full(len(Mood), np.nan),
        genre_share=_genre_share(catalogue),
        broad=broad_parts(catalogue.genres.names),
        median_year=_median_year(catalogue),
        tone=ordinary_tone(catalogue),
        layout=build_layout(catalogue.vocabulary, vectors, clustering),
        artists=Artists(catalogue.artists, popularity),
    )


def percentiles(value: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the percentile of each value among the known ones, float32 (n,) in (0, 1), NaN where unknown.

    A percentile is the share of smaller values plus half the share of equal ones. So the mean is 0.5, and a
    constant feature has 0.5 everywhere.
    """
    known = np.flatnonzero(~np.isnan(value))
    percentile = np.full(len(value), np.nan, np.float32)
    order = known[np.argsort(value[known], kind="stable")]
    if len(order):
        new = np.concatenate([[True], value[order][1:] != value[order][:-1]])
        start = np.append(np.flatnonzero(new), len(order))
        middle = (start[:-1] + start[1:]) / 2 / len(order)
        percentile[order] = middle[np.cumsum(new) - 1]
    return percentile


def mood_scores(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Score tracks for each mood by the mood rules, float32 (n, n_moods) in [0, 1].

    ``audio`` are percentiles (n, n_features); an unknown feature counts as 0.5.
    """
    little: NDArray[np.float32] = np.minimum(MOOD_WEIGHTS, 0).sum(axis=1)
    return np.asarray(np.nan_to_num(audio, nan=0.5) @ MOOD_WEIGHTS.T - little, np.float32)


def genre_shares(
    catalogue: Catalogue, rows: NDArray[np.int32], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add up weights by genre, float64 (n_genres,); the genres of a track share its weight equally."""
    genres = catalogue.genres
    place, part, by = memberships(catalogue, rows)
    return np.asarray(
        np.bincount(genres.label_index[place], (weight * part)[by], len(genres.names)), np.float64
    )


def memberships(
    catalogue: Catalogue, rows: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the genres of some tracks.

    Returns
    -------
    place : int64 (m,)
        Positions of the genres in ``label_index``.
    part : float64 (len(rows),)
        1 over the number of genres of each track; 0 for none.
    by : int64 (m,)
        Position in ``rows`` of the track that has each genre.
    """
    place, by = catalogue.genres.places_of(rows)
    length = np.bincount(by, minlength=len(rows))
    return place, np.where(length > 0, 1 / np.maximum(length, 1), 0), by


def _genre_share(catalogue: Catalogue) -> NDArray[np.float64]:
    total = genre_shares(catalogue, np.arange(len(catalogue), dtype=np.int32), np.ones(len(catalogue)))
    return total / max(float(total.sum()), 1.0)


def _median_year(catalogue: Catalogue) -> float:
    known = catalogue.release_date[~np.isnat(catalogue.release_date)]
    years = known.astype("datetime64[Y]").astype(np.int64) + 1970
    return float(np.median(years)) if len(years) else float("nan")
