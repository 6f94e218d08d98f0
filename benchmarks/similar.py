"""Neighbours of one track and of fifty among 100 000: ``python -m benchmarks.similar [--rounds N]``.

Milliseconds of the processor, one core, the median of the rounds, each for another track:

* graph: the 10 nearest, read from the neighbour graph, with the features that bring each near;
* exact: the 50 nearest, of which the graph holds too few;
* new track: placed by its features, and its 10 nearest;
* 50 tracks: the 20 nearest of them together;
* placing: the cluster of a new track alone, and beside it what most of hdbscan's approximate_predict is, the
  query of scikit-learn's KDTree.

The tracks lie in two hundred blobs of equal spread; the tree is a stand-in, as placing takes as long in any.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.neighbors import KDTree
from threadpoolctl import threadpool_limits

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.cluster.clustering import Clustering, ClusterTree, FeatureSpace, embed, spread_of
from segue.domain.cluster.neighbours import member, near, newcomer
from segue.domain.cluster.placement import place
from segue.domain.vector.column import build_labels, build_text

if TYPE_CHECKING:
    from collections.abc import Callable

N_ITEMS, N_BLOBS, K, MIN_SAMPLES = 100_000, 200, 40, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    table = Table("dimensions", "graph", "exact", "new track", "50 tracks", "placing", "KDTree query")
    with threadpool_limits(1):
        for d in (6, 12, 60, 140):
            table.add_row(str(d), *(f"{ms:.1f}" for ms in measure(make(d), rounds)))
    Console().print(table)


def measure(clustering: Clustering, rounds: int) -> list[float]:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, N_ITEMS, rounds).tolist()
    new = clustering.value[rows] + np.float32(0.01)
    many = rng.integers(0, N_ITEMS, (rounds, 50)).tolist()
    tree = KDTree(clustering.embeddings.astype(np.float64))
    return [
        median_ms(lambda at: near(clustering, [member(clustering, rows[at])], 10), rounds),
        median_ms(lambda at: near(clustering, [member(clustering, rows[at])], 50), rounds),
        median_ms(lambda at: near(clustering, [newcomer(clustering, new[at])], 10), rounds),
        median_ms(lambda at: near(clustering, [member(clustering, row) for row in many[at]], 20), rounds),
        median_ms(lambda at: place(clustering, new[at][None]), rounds),
        median_ms(lambda at: tree.query(new[at][None].astype(np.float64), k=2 * MIN_SAMPLES), rounds),
    ]


def median_ms(work: Callable[[int], object], rounds: int) -> float:
    work(0)
    spent = []
    for at in range(rounds):
        began = time.process_time()
        work(at)
        spent.append(time.process_time() - began)
    return 1000 * float(np.median(spent))


def make(d: int) -> Clustering:
    rng = np.random.default_rng(0)
    blob = rng.integers(0, N_BLOBS, N_ITEMS)
    value = (rng.random((N_BLOBS, d))[blob] + rng.normal(size=(N_ITEMS, d)) * 0.1).astype(np.float32)
    nothing = np.zeros(d)
    space = FeatureSpace(tuple(f"feature {column}" for column in range(d)), nothing, nothing, nothing + 1)
    embeddings = embed(space, value)
    neighbour = rng.integers(0, N_ITEMS, (N_ITEMS, K), dtype=np.int32)
    return Clustering(
        variant="naive_features",
        vocabulary=build_vocabulary(f"t{row:06}" for row in range(N_ITEMS)),
        name=build_text([f"song {row}" for row in range(N_ITEMS)]),
        artists=build_labels([[f"artist {row // 9}"] for row in range(N_ITEMS)]),
        space=space,
        value=value,
        known=np.ones(value.shape, bool),
        embeddings=embeddings,
        spread=spread_of(space, embeddings),
        label=np.full(N_ITEMS, -1, np.int32),
        strength=np.zeros(N_ITEMS, np.float32),
        neighbour=neighbour,
        distance=np.zeros(neighbour.shape, np.float32),
        tree=ClusterTree(
            item_node=np.zeros(N_ITEMS, np.int32),
            item_lambda=rng.random(N_ITEMS) * 3,
            node_parent=np.array([-1, 0], np.int32),
            node_lambda=np.array([0.0, 1.0]),
            node_label=np.array([-1, 0], np.int32),
            node_most=np.array([0.0, 2.0]),
            core_distance=rng.random(N_ITEMS),
            min_samples=MIN_SAMPLES,
        ),
        position=np.zeros((N_ITEMS, 2), np.float32),
        title=("a cluster",),
        exemplar=np.zeros(1, np.int32),
    )


if __name__ == "__main__":
    main()
