"""Which features bring two tracks of a clustering near, told by what is usual for the one asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.cluster.clustering import by_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import Clustering

_SAMPLE = 251
"""Tracks, evenly spread over the rows, that say what is usual: their median is within 3 % of all tracks'."""

_LEAST_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class SharedFeature:
    """A feature in which two tracks are nearer than the track asked about is to most.

    Attributes
    ----------
    name : str
    value, subject_value : float
        Of the neighbour and of the track asked about, as the source has them.
    share : float
        Of all that brings the two nearer than usual, what this feature brings; (0, 1].
    """

    name: str
    value: float
    subject_value: float
    share: float


def shared_features(
    clustering: Clustering,
    vector: NDArray[np.float32],
    value: NDArray[np.float32],
    rows: NDArray[np.int32],
    n: int,
) -> list[tuple[SharedFeature, ...]]:
    """Return for each of ``rows`` up to ``n`` features that bring it near a track, greatest share first.

    A squared distance is a sum over the features. What one brings is what the two lack of the part that is
    usual: the median over other tracks of their part in the squared distance to the same track. So a value
    that most tracks have brings nothing near. A value that is unknown of either is no likeness.

    Parameters
    ----------
    vector, value : float32 (d,), float32 (n_columns,)
        Of the track asked about; unknown values are NaN.
    """
    if not n:
        return [()] * len(rows)
    sample = np.linspace(0, len(clustering) - 1, min(_SAMPLE, len(clustering))).astype(np.int32)
    usual = np.median(_parts(clustering, vector, value, sample), axis=0)
    known = clustering.known[rows] & ~np.isnan(value)
    gain = np.where(known, np.maximum(usual - _parts(clustering, vector, value, rows), 0), 0)
    return [_told(clustering, value, row, mine)[:n] for row, mine in zip(rows.tolist(), gain, strict=True)]


def _parts(
    clustering: Clustering,
    vector: NDArray[np.float32],
    value: NDArray[np.float32],
    rows: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return what each feature has of the squared distances, float64 (m, n_columns).

    Components see less than the features themselves: a difference of the values counts where it is greater.
    """
    seen = np.abs(by_column(clustering.space, clustering.embeddings[rows] - vector))
    listed = np.abs(clustering.value[rows] - value) / clustering.space.scale
    known = clustering.known[rows] & ~np.isnan(value)
    return np.asarray(np.square(np.where(known, np.maximum(seen, listed), seen)))


def _told(
    clustering: Clustering, value: NDArray[np.float32], row: int, gain: NDArray[np.float64]
) -> tuple[SharedFeature, ...]:
    total = float(gain.sum())
    order = np.argsort(-gain, kind="stable")
    return tuple(
        SharedFeature(
            name=clustering.space.columns[column],
            value=_written(clustering.value[row, column]),
            subject_value=_written(value[column]),
            share=float(gain[column]) / total,
        )
        for column in order[gain[order] > _LEAST_SHARE * total].tolist()
    )


def _written(value: np.float32) -> float:
    return float(str(value))  # as the source has it: 0.676 would be 0.6760000228881836 otherwise
