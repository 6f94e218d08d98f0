"""Features of customers and genres, computed from purchases: favourites and the forests' inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.genre_preference.purchase import NO_GENRE, SPEND_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.genre_preference.purchase import Purchases

UNKNOWN = -1
"""Label of a customer who bought no track with a genre."""

SINGLE_GENRE_FROM = 10
"""Minimum number of tracks before a customer who bought only one genre gets that genre as the answer."""

RECENT_DAYS = 60.0
"""Half-life of the recent favourite, in days."""

HALF_LIVES = (None, 180.0, 90.0, 45.0, 20.0)
"""Half-lives of the share features, in days; None weights all purchases equally."""

DRIFT_HALF_LIVES = (None, RECENT_DAYS)
"""Half-lives of the shares that the drift matrix is multiplied with, in days."""

NEVER_DAYS = 10_000.0
"""Value of "days since last bought" for a genre that the customer never bought."""

_DAY_S = 86_400


def customer_features(purchases: Purchases, genres: tuple[str, ...]) -> NDArray[np.float32]:
    """Return the features of each of ``purchases.customers`` for forests of format 1.

    Returns
    -------
    float32 (n_customers, 2 + n_genres)
        Total spent, in the store's currency; number of tracks bought; then the share of each of ``genres``
        in the spending, in [0, 1]. Refunds never make a share negative. Purchases without a genre, or with a
        genre that is not in ``genres``, count in the totals only.
    """
    row = np.searchsorted(purchases.customers, purchases.customer_id)
    spent = np.zeros(len(purchases.customers), np.int64)
    tracks = np.zeros(len(purchases.customers), np.int64)
    np.add.at(spent, row, purchases.spend)
    np.add.at(tracks, row, purchases.quantity)
    by_genre = sum_by_genre(purchases, purchases.spend)
    total = np.maximum(by_genre.sum(axis=1) + _spend_without_genre(purchases, row), 1)
    column = {genre: index for index, genre in enumerate(purchases.genres)}
    features = np.zeros((len(spent), 2 + len(genres)), np.float32)
    features[:, 0] = spent / SPEND_UNIT
    features[:, 1] = tracks
    for index, genre in enumerate(genres):
        if genre in column:
            features[:, 2 + index] = by_genre[:, column[genre]] / total
    return features


def pair_feature_names() -> tuple[str, ...]:
    """Return the names of the columns of `pair_features`."""
    spans = ["all time" if days is None else f"half-life {days:g} days" for days in HALF_LIVES]
    return (
        *(f"share, {span}" for span in spans),
        *(f"share behind the first, {span}" for span in spans),
        "tracks of the genre",
        "days since last bought",
        "where customers drift to",
        "tracks in all",
        "days as a customer",
    )


def pair_features(purchases: Purchases, drift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the features of each pair of ``purchases.customers`` and ``purchases.genres``.

    All times are relative to the customer's own last purchase. So a feature does not depend on the time of
    the call, and is the same in training and in serving.

    Parameters
    ----------
    drift : float64 (2, n_genres, n_genres)
        For each of ``DRIFT_HALF_LIVES``, how much a share in the row's genre adds to the column's genre next.

    Returns
    -------
    float32 (n_customers, n_genres, n_features)
        See `pair_feature_names`. Shares are in [0, 1].
    """
    n_customers, n_genres = len(purchases.customers), len(purchases.genres)
    every = recent_shares(purchases, *HALF_LIVES, *DRIFT_HALF_LIVES)
    shares, moved = every[: len(HALF_LIVES)], every[len(HALF_LIVES) :]
    tracks = sum_by_genre(purchases, purchases.quantity)
    known = purchases.genre_index != NO_GENRE
    row = np.searchsorted(purchases.customers, purchases.customer_id)
    seconds = purchases.at.astype(np.int64)
    last = _last_s(purchases)
    first = last.copy()
    np.minimum.at(first, row, seconds)
    never = np.iinfo(np.int64).min
    bought = np.full((n_customers, n_genres), never)
    np.maximum.at(bought, (row[known], purchases.genre_index[known]), seconds[known])
    since = (last[:, None] - np.maximum(bought, 0)) / _DAY_S
    columns = [
        *shares,
        *(shares - shares.max(axis=2, keepdims=True, initial=0)),
        tracks,
        np.where(bought == never, NEVER_DAYS, since),
        sum(share @ matrix for share, matrix in zip(moved, drift, strict=True)),
        tracks.sum(axis=1)[:, None],
        ((last - first) / _DAY_S)[:, None],
    ]
    features = np.empty((n_customers, n_genres, len(columns)), np.float32)
    for index, column in enumerate(columns):
        features[:, :, index] = column
    return features


def recent_shares(purchases: Purchases, *half_lives_days: float | None) -> NDArray[np.float64]:
    """Return the share of each genre in a customer's spending, by each half-life.

    The weight of a purchase halves with every half-life between it and the customer's last one.

    Returns
    -------
    float64 (n_half_lives, n_customers, n_genres)
        Rows sum to 1, or to 0 for customers who spent nothing on any genre.
    """
    n_customers, n_genres = len(purchases.customers), len(purchases.genres)
    known = purchases.genre_index != NO_GENRE
    row = np.searchsorted(purchases.customers, purchases.customer_id[known])
    age_days = (_last_s(purchases)[row] - purchases.at[known].astype(np.int64)) / _DAY_S
    per_day = np.array([0.0 if days is None else 1 / days for days in half_lives_days])
    weight = purchases.spend[known] * np.exp2(-age_days * per_day[:, None])
    cell = row * n_genres + purchases.genre_index[known]
    size = n_customers * n_genres
    summed = np.array([np.bincount(cell, each, minlength=size) for each in weight])
    spend = np.maximum(summed.reshape(len(per_day), n_customers, n_genres), 0)
    total = spend.sum(axis=2, keepdims=True)
    shares: NDArray[np.float64] = spend / np.where(total > 0, total, 1)
    return shares


def sum_by_genre(purchases: Purchases, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum ``values``, (n,), of the purchases by customer and genre: their spend, or their quantity.

    Returns
    -------
    int64 (n_customers, n_genres)
        Where more was refunded than bought, 0.
    """
    total = np.zeros((len(purchases.customers), len(purchases.genres)), np.int64)
    known = purchases.genre_index != NO_GENRE
    row = np.searchsorted(purchases.customers, purchases.customer_id[known])
    np.add.at(total, (row, purchases.genre_index[known]), values[known])
    return np.maximum(total, 0)


def favourite_genre(purchases: Purchases) -> NDArray[np.int64]:
    """Return the genre that each customer spent most on, int64 (n_customers,), or ``UNKNOWN``.

    Of equal genres, the first by name is returned, so that the answer does not depend on the database's
    order.
    """
    return _first(sum_by_genre(purchases, purchases.spend))


def single_genre(purchases: Purchases) -> NDArray[np.int64]:
    """Return the genre of customers who bought ``SINGLE_GENRE_FROM`` or more tracks, all of one genre.

    Returns
    -------
    int64 (n_customers,)
        Row of ``purchases.genres``, or ``UNKNOWN``. Free tracks count; refunded tracks and tracks without a
        genre do not.
    """
    tracks = sum_by_genre(purchases, purchases.quantity)
    enough = ((tracks > 0).sum(axis=1) == 1) & (tracks.sum(axis=1) >= SINGLE_GENRE_FROM)
    return np.where(enough, _first(tracks), UNKNOWN)


def rows_in(names: Sequence[str], among: Sequence[str]) -> NDArray[np.int64]:
    """Return the row of each of ``names`` in ``among``, int64 (len(names),), -1 if it is missing."""
    row = {name: index for index, name in enumerate(among)}
    return np.array([row.get(name, -1) for name in names], np.int64)


def _first(weight: NDArray[np.int64]) -> NDArray[np.int64]:
    if not weight.shape[1]:
        return np.full(len(weight), UNKNOWN)
    return np.where(weight.max(axis=1) > 0, weight.argmax(axis=1), UNKNOWN)


def _last_s(purchases: Purchases) -> NDArray[np.int64]:
    """Return the time of each customer's last purchase in seconds, int64 (n_customers,); 0 without one."""
    last = np.full(len(purchases.customers), np.iinfo(np.int64).min)
    row = np.searchsorted(purchases.customers, purchases.customer_id)
    np.maximum.at(last, row, purchases.at.astype(np.int64))
    return np.where(last == np.iinfo(np.int64).min, 0, last)


def _spend_without_genre(purchases: Purchases, row: NDArray[np.intp]) -> NDArray[np.int64]:
    spend = np.zeros(len(purchases.customers), np.int64)
    unknown = purchases.genre_index == NO_GENRE
    np.add.at(spend, row[unknown], purchases.spend[unknown])
    return np.maximum(spend, 0)
