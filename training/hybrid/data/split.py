"""Divide interactions in time: to fit on, to weigh the sources on, to measure on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from segue.domain.listening.history import damp
from training.measure.interaction_matrix import build_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.interactions import Interactions

SHARES = (0.8, 0.1, 0.1)


class TimePart(IntEnum):
    """What an event is for."""

    FIT = 0
    VALIDATION = 1
    TEST = 2


@dataclass(frozen=True, slots=True)
class Parts:
    """The part of each event, int8 (n,), and how it was decided, in words."""

    part: NDArray[np.int8]
    how: str


def divide(interactions: Interactions, catalogue: Catalogue, seed: int) -> Parts:
    """Divide events by time if they have times, else at random.

    The latest tenth of all listeners' events is the test, the tenth before that the validation: later events
    must not explain earlier ones. If more than half of the events have no time, pairs of user and artist are
    drawn at random instead: an artist's other tracks would reveal the track to find. A track that has no
    artist, or is not in the catalogue, counts as an artist by itself.
    """
    at = interactions.at
    known = ~np.isnat(at)
    part = np.zeros(len(at), np.int8)
    if known.mean() > 0.5:
        ends = np.quantile(at[known].astype(np.int64), np.cumsum(SHARES)[:-1]).astype("datetime64[s]")
        part[known] = np.searchsorted(ends, at[known], side="right")
        return Parts(part, f"in time: validation from {ends[0]}, test from {ends[1]}")
    group = _artist_of(interactions, catalogue)
    pair = (
        interactions.user_index.astype(np.int64) * (group.max(initial=0) + 1) + group[interactions.item_index]
    )
    distinct, place = np.unique(pair, return_inverse=True)
    drawn = np.random.default_rng(seed).random(len(distinct))
    part = np.searchsorted(np.cumsum(SHARES)[:-1], drawn, side="right").astype(np.int8)[place]
    share = 1 - known.mean()
    return Parts(part, f"at random by user and artist (seed {seed}): {share:.0%} of the events have no time")


def _artist_of(interactions: Interactions, catalogue: Catalogue) -> NDArray[np.int64]:
    """Return the first artist of every item as a number, a number of its own where there is none."""
    artist = np.append(catalogue.artists.first(), -1)  # UNKNOWN_ITEM reads the last
    found = artist[catalogue.vocabulary.index_of(interactions.items.item_id.tolist())].astype(np.int64)
    alone = len(catalogue.artists.names) + np.arange(len(found))
    return np.where(found < 0, alone, found)


def take(interactions: Interactions, rows: NDArray[np.bool_]) -> Interactions:
    """Return some of the events; users and tracks keep their numbers."""
    columns = ("user_index", "item_index", "kind", "at", "count", "ms_played", "context")
    return replace(interactions, **{name: getattr(interactions, name)[rows] for name in columns})


def damped_matrix(interactions: Interactions, catalogue: Catalogue, rows: NDArray[np.bool_]) -> csr_matrix:
    """Return what some events say of the catalogue's tracks, damped, float32 (n_users, n_items)."""
    matrix = build_matrix(interactions, catalogue.vocabulary, rows=rows, duration_s=catalogue.duration_s)
    matrix.data = damp(matrix.data).astype(np.float32)
    matrix.sort_indices()
    return matrix


def only_liked(matrix: csr_matrix) -> csr_matrix:
    """Return the weights above 0 alone: what models are fitted to, and what counts as a right answer."""
    liked = matrix.copy()
    liked.data[liked.data < 0] = 0
    liked.eliminate_zeros()
    return liked


def new_to_user(later: csr_matrix, before: csr_matrix) -> csr_matrix:
    """Return the liked pairs of a later part that the user had not met before, as 1."""
    liked = only_liked(later)
    liked.data[:] = 1
    met = before.copy()
    met.data[:] = 1
    fresh = csr_matrix(liked - liked.multiply(met))
    fresh.eliminate_zeros()
    return fresh
