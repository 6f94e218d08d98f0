"""Why a track is recommended: the weighted sum of its sources, split into reasons for the listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from segue.domain.model.candidate_source import NAMELESS, Reason, ReasonKind, ScoreParts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.candidate_source import CandidateSource, PlayedSource, ReasonedSource

N_REASONS = 5
"""Default number of reasons for one track; the sum of all others is one more reason."""

_RANK = {kind: rank for rank, kind in enumerate(ReasonKind)}


def weighted_reasons(
    sources: Mapping[str, CandidateSource],
    weights: Mapping[str, float],
    scale: NDArray[np.float32],
    rows: NDArray[np.int32],
    n_reasons: int = N_REASONS,
) -> list[tuple[Reason, ...]]:
    """Split the weighted sum of each track into parts of its sources, greatest first. The parts add up to it.

    Parts about the same thing are merged. After ``n_reasons``, the rest is one `ReasonKind.REST`. The
    greatest part of each kind comes before the second of any kind: else a long history would hide the track's
    own features. Parts stay in arrays until the end: an answer has a thousand parts and shows a hundred.
    """
    units = {name: weights[name] / unit for name, unit in zip(sources, scale.tolist(), strict=True)}
    parts: list[ScoreParts] = []
    rest, shares, history = np.zeros(len(rows)), np.zeros((len(rows), 0)), None
    for name, source in sources.items():
        if hasattr(source, "shares"):  # isinstance of a Protocol looks every member up, 0.1 ms a source
            played = cast("PlayedSource", source)
            share = units[name] * played.shares(rows)
            shares, history = share if history is None else shares + share, played.history
            continue
        for each in cast("ReasonedSource", source).reasons(rows):
            value = units[name] * each.value
            if each.kind is ReasonKind.REST:
                rest += np.bincount(each.at, value, minlength=len(rows))
            else:
                parts.append(each._replace(value=value))
    if history is not None:
        parts.append(_greatest_played(shares, history, n_reasons))
        rest += shares.sum(axis=1)
    return _tell(parts, rest, n_reasons)


def _greatest_played(shares: NDArray[np.float64], history: History, n: int) -> ScoreParts:
    """Take the ``n`` greatest of each track out of ``shares`` float64 (m, h), and leave 0 there."""
    order = _greatest_columns(np.where(shares == 0, -np.inf, shares), n)  # 0 is no reason
    at = np.repeat(np.arange(len(order)), order.shape[1])
    value = np.take_along_axis(shares, order, axis=1).ravel()
    np.put_along_axis(shares, order, 0, axis=1)
    return ScoreParts(ReasonKind.PLAYED, at, value, history.item_index[order].ravel(), NAMELESS)


def _tell(parts: Sequence[ScoreParts], rest: NDArray[np.float64], n: int) -> list[tuple[Reason, ...]]:
    """Put the chosen parts of each track into words; ``rest`` float64 (m,) takes in the others."""
    at, part, about, value = _by_subject(parts)
    rank = np.array([_RANK[each.kind] for each in parts], np.int64)[part]
    order = np.lexsort((-value, at))
    told = _is_told(at[order], rank[order], value[order], n)
    chosen, left = order[told], order[~told]
    rest = rest + np.bincount(at[left], value[left], minlength=len(rest))
    reasons: list[list[Reason]] = [[] for _ in rest]
    for row, which, what, size in zip(
        *(each[chosen].tolist() for each in (at, part, about, value)), strict=True
    ):
        kind, names = parts[which].kind, parts[which].names
        track = what if kind is ReasonKind.PLAYED else -1
        reasons[row].append(Reason(kind, size, "" if track >= 0 else names[what], track))
    return [
        (*found, Reason(ReasonKind.REST, other)) if other else tuple(found)
        for found, other in zip(reasons, rest.tolist(), strict=True)
    ]


def _by_subject(
    parts: Sequence[ScoreParts],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Add up what is about the same, and leave out what is 0.

    Returns
    -------
    int64 (n,), int64 (n,), int64 (n,), float64 (n,)
        The track, ascending, the first of ``parts`` of this kind and these names, what it is about, and
        the sum.
    """
    first: dict[tuple[ReasonKind, object], int] = {}
    # A catalogue's names are one object, which has no hash.
    subjects = [
        first.setdefault((each.kind, each.names if isinstance(each.names, tuple) else id(each.names)), place)
        for place, each in enumerate(parts)
    ]
    none, n_parts = np.empty(0, np.int64), max(1, len(parts))
    at = np.concatenate([none, *(each.at for each in parts)])
    about = np.concatenate([none, *(each.about for each in parts)])
    part = np.repeat(np.array(subjects, np.int64), [len(each.at) for each in parts])
    width = int(about.max(initial=0)) + 1
    key, same = np.unique((at * n_parts + part) * width + about, return_inverse=True)
    size = np.concatenate([np.empty(0), *(each.value for each in parts)])
    value = np.asarray(np.bincount(same, size, minlength=len(key)), np.float64)
    some = value != 0
    subject, about = np.divmod(key[some], width)
    return *np.divmod(subject, n_parts), about, value[some]


def _is_told(
    at: NDArray[np.int64], rank: NDArray[np.int64], value: NDArray[np.float64], n: int
) -> NDArray[np.bool_]:
    """Choose ``n`` parts of each track, bool (m,): the greatest of each kind before the second of any.

    Given are the track, ascending, the kind and the size of each part, those of a track greatest first.
    """
    group, place = at * len(_RANK) + rank, np.arange(len(at))
    first = np.zeros(int(group.max(initial=-1)) + 1, np.int64)
    first[group[::-1]] = place[::-1]  # of several values for one group the last one stays
    leads = (first[group] == place) & (value > 0)
    order = np.argsort(2 * at + ~leads, kind="stable")
    told = np.zeros(len(at), bool)
    told[order] = place - at.searchsorted(at) < n
    return told


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
