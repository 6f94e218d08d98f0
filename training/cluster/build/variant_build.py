"""Builds one variant, from its tracks' features to the files of an artifact and the words of its manifest."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from segue.artifacts.codec.clustering import write_clustering
from segue.domain.cluster.clustering import Clustering, embed, spread_of
from training.cluster.build.choice import LARGEST_SHARE, LEAST_CLUSTERS, Candidate, ClusterChoice, choose
from training.cluster.build.hierarchy import Cut, tree_of
from training.cluster.build.naming import find_exemplars, title_clusters
from training.cluster.build.neighbours import Graph, find_neighbours
from training.cluster.build.position import place_on_map
from training.cluster.build.quality import genre_metrics, shape_metrics, stability
from training.cluster.build.report import render_report
from training.cluster.build.space import fit_space
from training.cluster.build.spanning_tree import WIDE_NEIGHBOURS, is_approximate
from training.cluster.data.input import load_input
from training.cluster.settings import N_NEIGHBOURS, build_params
from training.cluster.stage import effort_of, keep, keep_effort, keep_files
from training.cluster.work import ARTIFACT, INPUT, RECORD
from training.release.finite import check_finite, solving
from training.release.lifecycle import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.domain.cluster.clustering import ClusterTree
    from segue.domain.vector.column import Labels
    from training.cluster.data.input import VariantInput
    from training.cluster.settings import ClusterSettings
    from training.cluster.stage import Made
    from training.cluster.variant import ClusterVariant

_CUT = ("label", "strength", "condensed")


@dataclass(frozen=True, slots=True)
class _Build:
    """What every stage needs."""

    folder: Path
    variant: ClusterVariant
    settings: ClusterSettings
    threads: int
    progress: Callable[[str, float], None]


def build_variant(
    folder: Path,
    variant: ClusterVariant,
    settings: ClusterSettings,
    *,
    threads: int,
    progress: Callable[[str, float], None],
) -> None:
    """Build a variant in its work folder, which holds its input, stage by stage.

    Finished stages of an interrupted run are taken as they are. At the end there are the files of the
    artifact, and the record.

    Parameters
    ----------
    folder : Path
    variant : ClusterVariant
    settings : ClusterSettings
    threads : int
        Number of threads of every library, together with BLAS.
    progress : callable
        Called with each stage as it begins, and the share of the work that is done.

    Raises
    ------
    NotEnoughDataError
        The tracks form no cluster.
    TrainingError
        The features, or what is computed of them, are too great for a number.
    """
    with threadpool_limits(threads):
        _build(_Build(folder, variant, settings, threads, progress))


def _build(run: _Build) -> None:
    data = load_input(run.folder / INPUT)
    run.progress("scaling", 0.0)
    started_s = time.monotonic()
    with solving("features"):
        space = fit_space(run.settings.applied_to(run.variant, len(data.columns)), data.columns, data.value)
        vectors = embed(space, data.value)
    check_finite((space, vectors), "features", "vectors")
    keep_effort(run.folder, "scaling", started_s)
    graph = _graph(run, vectors)
    served = graph.nearest(N_NEIGHBOURS)
    choice = _choice(run, vectors, graph)
    metrics = _metrics(run, data, vectors, graph, choice)
    position = _map(run, vectors, choice.cut.label)
    run.progress("writing", 0.95)
    label = choice.cut.label
    clustering = Clustering(
        variant=run.variant.name,
        vocabulary=data.vocabulary,
        name=data.name,
        artists=data.artists,
        genres=data.genres,
        space=space,
        value=np.nan_to_num(data.value, nan=0.0),
        known=~np.isnan(data.value),
        embeddings=vectors,
        spread=spread_of(space, vectors),
        label=label,
        strength=choice.cut.strength,
        neighbour=served.neighbour,
        distance=served.distance.astype(np.float32),
        tree=_tree(choice, graph),
        position=position,
        title=title_clusters(label, data.genres, space, data.value),
        exemplar=find_exemplars(label, choice.cut.strength, vectors),
    )
    keep_files(run.folder, ARTIFACT, lambda to: _write(run, to, clustering, data.genres, choice, metrics))


def _graph(run: _Build, vectors: NDArray[np.float32]) -> Graph:
    run.progress("finding neighbours", 0.02)

    def make() -> Made:
        k = WIDE_NEIGHBOURS if is_approximate(vectors) else N_NEIGHBOURS
        found = find_neighbours(vectors, min(k, len(vectors) - 1), threads=run.threads)
        return {"neighbour": found.neighbour, "distance": found.distance}, None

    arrays, _ = keep(run.folder, "neighbours", make)
    return Graph(arrays["neighbour"], arrays["distance"])


def _choice(run: _Build, vectors: NDArray[np.float32], graph: Graph) -> ClusterChoice:
    run.progress("growing clusters", 0.15)

    def make() -> Made:
        found = choose(vectors, graph, run.settings)
        arrays = {"edges": found.edges, **{name: getattr(found.cut, name) for name in _CUT}}
        return arrays, {"best": asdict(found.best), "tried": [asdict(each) for each in found.tried]}

    arrays, told = keep(run.folder, "clusters", make)
    tried = tuple(Candidate(**each) for each in told["tried"])
    return ClusterChoice(
        Candidate(**told["best"]), tried, Cut(*(arrays[name] for name in _CUT)), arrays["edges"]
    )


def _metrics(
    run: _Build, data: VariantInput, vectors: NDArray[np.float32], graph: Graph, choice: ClusterChoice
) -> dict[str, Any]:
    run.progress("measuring", 0.4)
    seed = run.settings.seed

    def make() -> Made:
        found = shape_metrics(vectors, choice, seed)
        found |= stability(
            vectors,
            graph,
            choice,
            seed,
            lambda share: run.progress("clustering subsamples", 0.42 + 0.28 * share),
        )
        return {}, found | genre_metrics(choice.cut.label, graph, data.genres, seed)

    metrics: dict[str, Any] = keep(run.folder, "quality", make)[1]
    return metrics


def _map(run: _Build, vectors: NDArray[np.float32], label: NDArray[np.int32]) -> NDArray[np.float32]:
    run.progress("drawing the map", 0.7)
    arrays, _ = keep(
        run.folder, "map", lambda: ({"position": place_on_map(vectors, label, run.settings.seed)}, None)
    )
    return arrays["position"]


def _tree(choice: ClusterChoice, graph: Graph) -> ClusterTree:
    """To place a track hdbscan counts it among its own neighbours: the core distance is of one fewer."""
    min_samples = choice.best.min_samples
    itself = np.zeros((len(graph.distance), 1))
    core = np.hstack([itself, graph.distance])[:, min(min_samples - 1, graph.k)]
    return tree_of(choice.cut, np.ascontiguousarray(core), min_samples)


def _write(
    run: _Build,
    to: Path,
    clustering: Clustering,
    genres: Labels,
    choice: ClusterChoice,
    metrics: dict[str, Any],
) -> None:
    params = build_params(run.variant, run.settings, len(clustering.space.columns))
    params |= {"chosen": asdict(choice.best)}
    training = effort_of(run.folder) | {"warnings": _warnings(clustering.embeddings, choice)}
    write_clustering(clustering, to, configuration={"params": params, "metrics": metrics})
    metrics = metrics | {"bytes": sum(path.stat().st_size for path in to.iterdir())}
    told = {"params": params, "metrics": metrics, "training": training}
    page = render_report(clustering, genres, choice, told)
    (to / PAGE).write_text(page, encoding="utf-8")
    (run.folder / RECORD).write_text(json.dumps(told), encoding="utf-8")


def _warnings(vectors: NDArray[np.float32], choice: ClusterChoice) -> list[str]:
    found = []
    if not choice.best.is_admissible:
        found.append(
            f"No settings that were tried gave {LEAST_CLUSTERS} clusters of which none holds more than "
            f"{LARGEST_SHARE:.0%} of the tracks: the best of the others was taken."
        )
    if is_approximate(vectors):
        n, d = vectors.shape
        found.append(
            f"{n} tracks in {d} dimensions are too many to compare all pairs: the clusters grew from the "
            f"{WIDE_NEIGHBOURS} nearest of each, and may differ from hdbscan's."
        )
    return found
