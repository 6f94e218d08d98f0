"""Find the features that bring two tracks of a clustering near, compared with other tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.cluster.clustering import by_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import Clustering

_SAMPLE = 251
"""Number of tracks, evenly spread over the rows, whose median is taken as usual; it is within 3 % of all."""

_LEAST_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class SharedFeature:
    """A feature in which a neighbour is nearer to the subject than most tracks are.

    Attributes
    ----------
    name : str
    value, subject_value : float
        Values of the neighbour and of the subject, in the source's unit.
    share : float
        Share of this feature in what brings the two nearer than usual; (0, 1].
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
    """Return for each of ``rows`` up to ``n`` features that bring it near a subject, greatest share first.

    A squared distance is a sum over the features. The usual part of a feature is the median of its part in
    the squared distances of other tracks to the same subject. A feature gains what its part is below the
    usual one. So a value that most tracks have gains nothing, and neither does an unknown value.

    Parameters
    ----------
    vector, value : float32 (d,), float32 (n_columns,)
        Vector and feature values of the subject; unknown values are NaN.
    """
    if not n:
        return [()] * len(rows)
    sample = np.linspace(0, len(clustering) - 1, min(_SAMPLE, len(clustering))).astype(np.int32)
    usual = np.median(_parts(clustering, vector, value, sample), axis=0)
    known = clustering.known[rows] & ~np.isnan(value)
    gain = np.where(known, np.maximum(usual - _parts(clustering, vector, value, rows), 0), 0)
    return [
        _features(clustering, value, row, mine)[:n] for row, mine in zip(rows.tolist(), gain, strict=True)
    ]


def _parts(
    clustering: Clustering,
    vector: NDArray[np.float32],
    value: NDArray[np.float32],
    rows: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return each feature's part in the squared distances, float64 (m, n_columns).

    Components contain less than the features themselves, so the difference of the values counts where it is
    greater.
    """
    projected = np.abs(by_column(clustering.space, clustering.embeddings[rows] - vector))
    listed = np.abs(clustering.value[rows] - value) / clustering.space.scale
    known = clustering.known[rows] & ~np.isnan(value)
    return np.asarray(np.square(np.where(known, np.maximum(projected, listed), projected)))


def _features(
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
    return float(str(value))  # float(np.float32(0.676)) would be 0.6760000228881836
