"""The map of tastes: a place in two dimensions for every track."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANDMARKS = 1500
"""Number of tracks that t-SNE places. Every other track follows its nearest landmarks."""

_TOGETHER = 0.5
"""Distance of a clustered track from its cluster's middle in t-SNE, as a part of the real distance."""

_NEAREST = 4


def place_on_map(vectors: NDArray[np.float32], label: NDArray[np.int32], seed: int) -> NDArray[np.float32]:
    """Return positions, float32 (n, 2) in [0, 1].

    Landmarks, from every cluster and from the noise by their number, are placed by t-SNE (van der Maaten &
    Hinton 2008) after clustered tracks were drawn halfway to the middle of their cluster: that pulls
    clusters apart on the map as they are apart in the tree. Every other track lies between the landmarks
    nearest to it, those of its own cluster if it has one.
    """
    from sklearn.manifold import TSNE

    points = _drawn_together(vectors, label)
    rng = np.random.default_rng(seed)
    marks = _landmarks(label, rng)
    perplexity = min(30.0, max((len(marks) - 1) / 4, 1.0))
    embedding = TSNE(2, perplexity=perplexity, init="random", random_state=seed, max_iter=600)
    with threadpool_limits(1):  # its threads wait for each other at every step: two were 5 times as slow
        placed = embedding.fit_transform(points[marks]).astype(np.float64)
    near = min(_NEAREST, len(marks))
    distance, mark = (a.reshape(len(points), near) for a in cKDTree(points[marks]).query(points, near))
    weight = 1 / np.maximum(distance, 1e-9) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    position = (placed[mark] * weight[:, :, None]).sum(axis=1)
    apart = np.median(np.linalg.norm(placed[mark[:, 0]] - placed[mark[:, -1]], axis=1))
    position += rng.normal(scale=0.15 * apart, size=position.shape)  # few landmarks would show as knots
    position[marks] = placed
    return _within(position)


def _drawn_together(vectors: NDArray[np.float32], label: NDArray[np.int32]) -> NDArray[np.float64]:
    points = vectors.astype(np.float64)
    for cluster in range(int(label.max(initial=-1)) + 1):
        members = label == cluster
        points[members] += (1 - _TOGETHER) * (points[members].mean(axis=0) - points[members])
    return points


def _landmarks(label: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.intp]:
    if len(label) <= LANDMARKS:
        return np.arange(len(label))
    clustered, noise = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
    n_clustered = min(len(clustered), max(LANDMARKS // 2, LANDMARKS - len(noise)))
    drawn = [
        rng.choice(clustered, n_clustered, replace=False),
        rng.choice(noise, min(len(noise), LANDMARKS - n_clustered), replace=False),
    ]
    return np.sort(np.concatenate(drawn))


def _within(position: NDArray[np.float64]) -> NDArray[np.float32]:
    low, high = position.min(axis=0), position.max(axis=0)
    scaled = (position - low) / np.maximum(high - low, 1e-12)
    within: NDArray[np.float32] = np.clip(scaled, 0, 1).astype(np.float32)
    return within
