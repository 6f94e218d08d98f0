"""Fits how features become vectors: what fills gaps, the scale, and the principal components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.cluster.clustering import FeatureSpace, embed
from training.cluster.variant import Scaling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.cluster.variant import ClusterVariant


def fit_space(variant: ClusterVariant, columns: tuple[str, ...], value: NDArray[np.float32]) -> FeatureSpace:
    """Fit the space of a variant on features float32 (n, n_columns), NaN where unknown.

    A column of one value says nothing, and keeps a scale of 1. Components are those of the covariance, so
    the cost is n × n_columns²; the sign of each is chosen, as either is right.
    """
    exact = value.astype(np.float64)
    fill = np.nanmedian(exact, axis=0)
    if variant.scaling is Scaling.RANGE:
        offset = np.nanmin(exact, axis=0)
        scale = np.nanmax(exact, axis=0) - offset
    else:
        filled = np.where(np.isnan(exact), fill, exact)
        offset, scale = filled.mean(axis=0), filled.std(axis=0)
    scale = np.where(scale > 1e-12 * np.maximum(np.abs(offset), 1e-300), scale, 1.0)
    plain = FeatureSpace(columns, fill, offset, scale)
    if variant.n_components is None:
        return plain
    z = embed(plain, value).astype(np.float64)
    mean = z.mean(axis=0)
    return FeatureSpace(columns, fill, offset, scale, mean, _components(z - mean, variant.n_components))


def _components(centred: NDArray[np.float64], n_components: int) -> NDArray[np.float64]:
    vectors = np.linalg.eigh(centred.T @ centred)[1][:, ::-1].T[:n_components]
    largest = np.abs(vectors).argmax(axis=1)
    sign: NDArray[np.float64] = np.sign(vectors[np.arange(len(vectors)), largest])
    return vectors * sign[:, None]
