"""One order from many sources: a weighted sum of their scores, with weights learnt on validation data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.recommend.rerank import MAX_ARTIST_SHARE
from segue.domain.vector.top_n import distinct
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.domain.model.candidate_source import CandidateSource

N_CANDIDATES = 200
"""Number of tracks that each source may propose, in addition to the number of excluded tracks."""

NOTHING_BEATS_IT = "on the events it was trained on, nothing personal beats popularity"

UNRANKED = (0.0, 0.0, MAX_ARTIST_SHARE)
"""Value of `Ranker.order` without a ranker."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """The weight of each source's score, for every set of sources that a caller may use.

    Attributes
    ----------
    sources : tuple of str (n_sources,)
        Names, see `segue.domain.recommend.pipeline.SOURCES`.
    tiers : tuple of str (n_tiers,)
        Names of the sets.
    weight : float32 (n_tiers, n_sources)
        ≥ 0; 0 for a source outside the set.
    diversity, calibration, artist_share : float
        Defaults for the arguments of `segue.domain.recommend.rerank.rerank`.
    why_popular : str
        A sentence for the listener: why a tier uses only popularity and trends.

    Raises
    ------
    InvalidInputError
        The weights have another shape, or are negative or not finite, or a strength is out of range.
    """

    sources: tuple[str, ...]
    tiers: tuple[str, ...]
    weight: NDArray[np.float32]
    diversity: float = 0.0
    calibration: float = 0.0
    artist_share: float = MAX_ARTIST_SHARE
    why_popular: str = NOTHING_BEATS_IT

    def __post_init__(self) -> None:
        shape = (len(self.tiers), len(self.sources))
        if self.weight.shape != shape or not (np.isfinite(self.weight) & (self.weight >= 0)).all():
            raise InvalidInputError(f"a ranker of {shape} needs as many finite weights of 0 or more.")
        if not (0 <= self.diversity <= 1 and 0 <= self.calibration <= 1):
            raise InvalidInputError(f"diversity {self.diversity} and calibration {self.calibration}: 0 … 1.")

    @property
    def order(self) -> tuple[float, float, float]:
        """How lists are reordered: what `segue.domain.recommend.rerank.rerank` takes after their length."""
        return self.diversity, self.calibration, self.artist_share

    def weights_of(self, tier: str) -> dict[str, float]:
        """Return what each source weighs for a tier, those above 0 alone."""
        row = self.weight[self.tiers.index(tier)].tolist()
        return {name: weight for name, weight in zip(self.sources, row, strict=True) if weight > 0}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Tracks that some source brought, and what every source says of them.

    Attributes
    ----------
    rows : int32 (m,)
        Ascending.
    features : float32 (m, n_sources)
        Scores, each source's divided by its ``scale``.
    scale : float32 (n_sources,)
        Greatest size of each source's scores among these candidates, 1 where all are 0: what a source
        counts in, and how long the history is, must not decide how much it is heard.
    """

    rows: NDArray[np.int32]
    features: NDArray[np.float32]
    scale: NDArray[np.float32]


def gather(
    sources: Mapping[str, CandidateSource], allowed: NDArray[np.bool_], n_candidates: int = N_CANDIDATES
) -> Candidates:
    """Let every source bring its best, and every source score what all brought.

    Parameters
    ----------
    sources : mapping of str to Source
        In the order of the columns.
    allowed : bool (n_items,)
        False for tracks that must not be recommended.
    n_candidates : int
        Maximum number of tracks from each source, not counting excluded ones.
    """
    # Of a source's best some are excluded: heard tracks are what it likes most. A genre excludes nearly all.
    n_excluded = len(allowed) - int(np.count_nonzero(allowed))
    n_asked = n_candidates + min(n_excluded, 10 * n_candidates)
    brought = [np.empty(0, np.int32)]
    for source in sources.values():
        best = source.best(n_asked)
        brought.append(best[allowed.take(best)][:n_candidates])
    return score(sources, distinct(np.concatenate(brought)))


def score(sources: Mapping[str, CandidateSource], rows: NDArray[np.int32]) -> Candidates:
    """Let every source score some tracks."""
    raw = np.empty((len(rows), len(sources)), np.float32)
    for column, source in enumerate(sources.values()):
        raw[:, column] = source.scores(rows)
    scale = np.abs(raw).max(axis=0, initial=0)
    scale[scale == 0] = 1
    raw /= scale
    return Candidates(rows, raw, scale)
