"""Genres that a listener plays, and their diversity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.reference import genre_shares
from segue.domain.taste.weighted_mean import n_effective

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.taste.event_columns import EventColumns, Support
    from segue.domain.taste.reference import Reference

MIN_TRACKS = 3


@dataclass(frozen=True, slots=True)
class GenreShare:
    """A genre of the catalogue.

    Attributes
    ----------
    name : str
    share : float
        Share of what is played, 0 … 1.
    catalogue_share : float
        Share of the catalogue's tracks, 0 … 1.
    """

    name: str
    share: float
    catalogue_share: float


@dataclass(frozen=True, slots=True)
class GenreProfile:
    """A listener's genres.

    Attributes
    ----------
    support : Support
        Tracks with a genre.
    shares : tuple of GenreShare
        Greatest first; they sum to 1.
    entropy_nats : float
        H = -Σ p ln p (Shannon, "A mathematical theory of communication", 1948).
    effective_number : float
        exp(H), the number of equally played genres with the same diversity; 1 for one genre alone (Hill,
        "Diversity and evenness", 1973, order 1).
    n_effective : float
        Number of equally weighted tracks that give the same error.
    """

    support: Support
    shares: tuple[GenreShare, ...]
    entropy_nats: float
    effective_number: float
    n_effective: float


def genre_profile(reference: Reference, played: EventColumns) -> GenreProfile | Lack:
    """Return the genres' shares of what is played; the genres of one track share it equally."""
    catalogue = reference.catalogue
    liked = played.liked
    with_genre = np.zeros(len(liked), bool)
    rows = played.row[liked]
    with_genre[liked] = np.diff(catalogue.genres.start)[rows] > 0
    support = played.support(with_genre)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks with a genre, there are {support.tracks}", support)
    weight = played.weight[with_genre]
    share = genre_shares(catalogue, played.row[with_genre], weight / weight.sum())
    order = np.argsort(-share, kind="stable")[: int(np.count_nonzero(share))]
    parts = zip(order.tolist(), share[order].tolist(), reference.genre_share[order].tolist(), strict=True)
    entropy = entropy_nats(share)
    return GenreProfile(
        support,
        tuple(GenreShare(catalogue.genres.names[label], part, usual) for label, part, usual in parts),
        entropy,
        float(np.exp(entropy)),
        n_effective(weight),
    )


def entropy_nats(share: NDArray[np.float64]) -> float:
    """Return -Σ p ln p of shares that sum to 1."""
    some = share[share > 0]
    return max(float(-(some @ np.log(some))), 0.0)
