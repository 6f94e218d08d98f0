"""Recommend: gather candidates from sources, rank them, reorder the best, and say why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.recommend.ranker import gather, score
from segue.domain.recommend.reasons import N_REASONS, weighted_reasons
from segue.domain.recommend.rerank import MAX_ARTIST_SHARE, Pool, rerank
from segue.domain.vector.top_n import top_n

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from segue.domain.model.candidate_source import CandidateSource, Reason

POOL = 150
"""Ranked tracks that the reordering may choose from, whatever the length of the list: so that a longer list
begins with the shorter one."""


@dataclass(frozen=True, slots=True)
class Query:
    """A request, without the sources that were prepared for the listener.

    Attributes
    ----------
    n : int
        Number of tracks.
    allowed : bool (n_items,)
        False for tracks that were heard, disliked or excluded, or have another genre than the requested one.
    diversity, calibration, artist_share : float
        See `segue.domain.recommend.rerank.rerank`.
    n_reasons : int
        Number of reasons for each track, besides the sum of the others; 0 for no reasons.
    """

    n: int
    allowed: NDArray[np.bool_]
    diversity: float = 0.0
    calibration: float = 0.0
    n_reasons: int = N_REASONS
    artist_share: float = MAX_ARTIST_SHARE


@dataclass(frozen=True, slots=True)
class Recommended:
    """A track, its score, and the reasons, which add up to it; none if they were not asked for."""

    item_index: int
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The tracks that the reordering may choose from.

    Attributes
    ----------
    rows : int32 (m,)
        Best first.
    scores : float32 (m,)
    scale : float32 (n_sources,)
        See `segue.domain.recommend.ranker.Candidates`.
    """

    rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    scale: NDArray[np.float32]


def rank(sources: Mapping[str, CandidateSource], weights: Mapping[str, float], query: Query) -> Ranked:
    """Gather candidates from sources, add up what these say of them, and keep the best; see `recommend`."""
    candidates = gather(sources, query.allowed)
    if len(candidates.rows) < query.n:  # a genre's or an album's few tracks: score all that are left
        candidates = score(sources, np.flatnonzero(query.allowed).astype(np.int32))
    total = candidates.features @ np.array([weights[name] for name in sources], np.float32)
    ranked = top_n(total, max(POOL, query.n))
    return Ranked(candidates.rows[ranked], total[ranked], candidates.scale)


def recommend(
    sources: Mapping[str, CandidateSource],
    weights: Mapping[str, float],
    query: Query,
    build_pool: Callable[[NDArray[np.int32], NDArray[np.float32]], Pool],
) -> list[Recommended]:
    """Return up to ``query.n`` tracks, in the order to be shown.

    Parameters
    ----------
    sources : mapping of str to Source
        Prepared for the listener.
    weights : mapping of str to float
        What each of them weighs, > 0.
    query : Query
    build_pool : callable
        Makes the `Pool` of some ranked tracks and their scores; called once.
    """
    ranked = rank(sources, weights, query)
    pool = build_pool(ranked.rows, ranked.scores)
    order = rerank(pool, query.n, query.diversity, query.calibration, query.artist_share)
    found, score_of = ranked.rows[order], ranked.scores[order].tolist()
    reasons = (
        weighted_reasons(sources, weights, ranked.scale, found, query.n_reasons)
        if query.n_reasons
        else [()] * len(found)
    )
    return [Recommended(*each) for each in zip(found.tolist(), score_of, reasons, strict=True)]
