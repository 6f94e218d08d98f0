"""One order from many sources: a weighted sum of their scores, with weights learnt on validation data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from segue.domain.model.candidate_source import NAMELESS, Reason, ReasonKind, ScoreParts
from segue.domain.recommend.rerank import MAX_ARTIST_SHARE
from segue.domain.vector.top_n import distinct
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segue.domain.model.candidate_source import CandidateSource, PlayedSource, ReasonedSource

N_CANDIDATES = 200
"""Tracks that each source may bring, beyond as many as are excluded."""

N_REASONS = 5
"""Reasons told of one track, unless asked otherwise; what the others add up to is one more."""


NOTHING_BEATS_IT = "on the events it was trained on, nothing personal beats popularity"

UNRANKED = (0.0, 0.0, MAX_ARTIST_SHARE)
"""`Ranker.order` where there is no ranker."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """What each source's score weighs, for every set of sources that a caller may use.

    Attributes
    ----------
    sources : tuple of str (n_sources,)
        Names, see `segue.domain.recommend.pipeline.SOURCES`.
    tiers : tuple of str (n_tiers,)
        Names of the sets.
    weight : float32 (n_tiers, n_sources)
        ≥ 0; 0 for a source outside the set.
    diversity, calibration, artist_share : float
        Of `segue.domain.recommend.rerank.rerank` unless the caller says otherwise; see there.
    why_popular : str
        Why a tier has no weight but that of popularity and trends, for the listener.

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
        How many each source may bring, excluded ones not counted, as far as it has them.
    """
    # Of a source's best some are excluded: heard tracks are what it likes most. A genre excludes nearly all.
    n_excluded = len(allowed) - int(np.count_nonzero(allowed))
    n_asked = n_candidates + min(n_excluded, 10 * n_candidates)
    brought = [np.empty(0, np.int32)]
    for source in sources.values():
        best = source.best(n_asked)
        brought.append(best[allowed[best]][:n_candidates])
    return score(sources, distinct(np.concatenate(brought)))


def score(sources: Mapping[str, CandidateSource], rows: NDArray[np.int32]) -> Candidates:
    """Let every source score some tracks."""
    raw = np.empty((len(rows), len(sources)), np.float32)
    for column, source in enumerate(sources.values()):
        raw[:, column] = source.scores(rows)
    scale = np.abs(raw).max(axis=0, initial=0)
    scale[scale == 0] = 1
    return Candidates(rows, raw / scale, scale)


def weighted_reasons(
    sources: Mapping[str, CandidateSource],
    weights: Mapping[str, float],
    scale: NDArray[np.float32],
    rows: NDArray[np.int32],
    n_reasons: int = N_REASONS,
) -> list[tuple[Reason, ...]]:
    """Split the weighted sum for each track into parts of its sources, greatest first, that add up to it.

    Parts about the same thing are one; beyond ``n_reasons`` the rest is one `ReasonKind.REST`. The greatest
    of each kind is told before the second of any: the tracks of a long history would hide what a track itself
    is like. Everything stays in arrays until then: an answer has a thousand parts and tells a hundred.
    """
    units = {name: weights[name] / unit for name, unit in zip(sources, scale.tolist(), strict=True)}
    # isinstance of a Protocol looks every member up, 0.1 ms a source.
    played = {
        name: cast("PlayedSource", source) for name, source in sources.items() if hasattr(source, "shares")
    }
    parts: list[ScoreParts] = []
    rest = np.zeros(len(rows))
    if played:
        shares = np.sum([units[name] * source.shares(rows) for name, source in played.items()], axis=0)
        history = next(iter(played.values())).history
        order = _greatest_columns(np.where(shares == 0, -np.inf, shares), n_reasons)  # 0 is no reason
        at, value = np.arange(order.size) // max(1, order.shape[1]), np.take_along_axis(shares, order, axis=1)
        tracks = history.item_index[order].ravel()
        parts.append(ScoreParts(ReasonKind.PLAYED, at, value.ravel(), tracks, NAMELESS))
        np.put_along_axis(shares, order, 0, axis=1)
        rest = shares.sum(axis=1)
    for name in [name for name in sources if name not in played]:
        for each in cast("ReasonedSource", sources[name]).reasons(rows):
            if each.kind is ReasonKind.REST:
                rest += units[name] * np.bincount(each.at, each.value, minlength=len(rows))
            else:
                parts.append(each._replace(value=units[name] * each.value))
    return _tell(parts, rest, n_reasons)


def _tell(parts: Sequence[ScoreParts], rest: NDArray[np.float64], n: int) -> list[tuple[Reason, ...]]:
    """Choose and order the parts of each track; ``rest`` float64 (m,) is told with those not chosen."""
    subjects = _subjects(parts)
    at, subject, about, value = (
        np.concatenate([np.empty(0, np.int64), *columns])
        for columns in (
            [each.at for each in parts],
            [np.full(len(each.at), place) for each, place in zip(parts, subjects, strict=True)],
            [each.about for each in parts],
            [each.value for each in parts],
        )
    )
    width = int(about.max(initial=0)) + 1
    key, same = np.unique((at * len(parts) + subject) * width + about, return_inverse=True)
    value = np.bincount(same, value, minlength=len(key))
    key, value = key[value != 0], value[value != 0]
    (at, subject), about = np.divmod(key // width, max(1, len(parts))), key % width
    kind = np.array([list(ReasonKind).index(each.kind) for each in parts], np.int64)[subject]
    order = np.lexsort((-value, kind, at))
    is_first = np.ones(len(order), bool)
    is_first[1:] = (np.diff(at[order]) != 0) | (np.diff(kind[order]) != 0)
    leads = np.zeros(len(order), bool)
    leads[order] = is_first & (value[order] > 0)
    order = np.lexsort((-value, ~leads, at))
    place = np.arange(len(order)) - at[order].searchsorted(at[order])
    chosen, left = order[place < n], order[place >= n]
    rest = rest + np.bincount(at[left], value[left], minlength=len(rest))
    chosen = chosen[np.lexsort((-value[chosen], at[chosen]))]
    told: list[list[Reason]] = [[] for _ in rest]
    columns = (column[chosen].tolist() for column in (at, subject, about, value))
    for row, which, what, part in zip(*columns, strict=True):
        of, is_played = parts[which], parts[which].kind is ReasonKind.PLAYED
        reason = Reason(of.kind, part, "", what) if is_played else Reason(of.kind, part, of.names[what])
        told[row].append(reason)
    return [
        (*found, Reason(ReasonKind.REST, other)) if other else tuple(found)
        for found, other in zip(told, rest.tolist(), strict=True)
    ]


def _subjects(parts: Sequence[ScoreParts]) -> list[int]:
    """Return for each the first of the same kind and names: what these are about is numbered alike."""
    found: list[int] = []
    for number, one in enumerate(parts):
        alike = (
            place
            for place, other in enumerate(parts[:number])
            if one.kind is other.kind
            and (one.names is other.names or (isinstance(one.names, tuple) and one.names == other.names))
        )
        found.append(next(alike, number))
    return found


def _greatest_columns(values: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return where each row has its ``n`` greatest values, greatest first and of equal ones the first.

    A stable sort of whole rows takes five times as long for a history of 500.
    """
    n = min(n, values.shape[1])
    if not n:
        return np.empty((len(values), 0), np.int64)
    least = -np.partition(-values, n - 1, axis=1)[:, n - 1 : n]
    row, column = np.nonzero(values >= least)
    order = np.lexsort((-values[row, column], row))
    first = np.searchsorted(row, np.arange(len(values)))
    found: NDArray[np.int64] = column[order[first[:, None] + np.arange(n)]]
    return found
