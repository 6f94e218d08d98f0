"""Clusters beside those of the hdbscan package: ``python -m benchmarks.clustering [--data FILE]``.

The same numbers, the 12 audio features in [0, 1], are clustered by `hdbscan.HDBSCAN` as it comes and by
Segue (which rounds them to float32 first, as it serves them), one after the other, each in a process of its
own; fast_hdbscan is run beside them. Printed are wall seconds, how many times as fast as hdbscan, seconds of
the processor, the adjusted Rand index of the labels to hdbscan's, and the peak memory of the process.
Imports are not counted, nor fast_hdbscan's compiling, for which it clusters 2 000 tracks first; hdbscan's
trees of space are. Segue is run with the 15 neighbours that clusters need, and with the 50 of the index that
it serves. "exact" is hdbscan told not to approximate the spanning tree: how far its default is from that.

Then a whole build of the variant, with search, quality and map, with its seconds and peak memory.

Without ``--data`` the tracks of a generated sample store are clustered.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SEED = 17
REFERENCE = "hdbscan"
FITS = (REFERENCE, "segue, 15 neighbours", "segue, 50 neighbours", "fast_hdbscan", "hdbscan, exact")
SETTINGS = ((5, 5, "eom"), (300, 1, "leaf"))
"""min_cluster_size, min_samples and method: hdbscan's default, and what the search chose for all tracks."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="tracks: a file, a dataset folder or a database")
    parser.add_argument("--tracks", type=int, nargs="+", default=[10_000, 30_000, 90_000])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run_one(json.loads(given.one))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n_tracks = write_vectors(given.data, max(given.tracks), folder)
        sizes = sorted({min(n, n_tracks) for n in given.tracks})
        compare(folder, sizes, SETTINGS[0])
        compare(folder, sizes[-1:], SETTINGS[1])
        builds(folder, sizes)


def write_vectors(data: str | None, n_tracks: int, folder: Path) -> int:
    from segue.domain.catalogue.tracks import AUDIO_FEATURES
    from segue.sources.dataset import read_catalogue
    from segue.sources.sample.store import generate
    from training.cluster.build.space import fit_space
    from training.cluster.data.input import VariantInput, write_input
    from training.cluster.variant import VARIANTS

    known = os.environ.get("SEGUE_DATA_DIR")
    if data is None and known:
        data = str(Path(known) / "spotify_tracks" / "spotify_tracks.parquet")
    where = data or str(generate(folder / "store", customers=50, tracks=n_tracks))
    catalogue = read_catalogue(where)[0]
    whole = VariantInput(
        catalogue.vocabulary,
        catalogue.name,
        catalogue.artists,
        catalogue.genres,
        AUDIO_FEATURES,
        catalogue.audio,
    )
    write_input(whole, folder / "input")
    space = fit_space(VARIANTS["naive_features"], AUDIO_FEATURES, catalogue.audio)
    filled = np.where(np.isnan(catalogue.audio), space.fill, catalogue.audio)
    np.save(folder / "vectors.npy", (filled - space.offset) / space.scale)
    return len(catalogue)


def compare(folder: Path, sizes: list[int], settings: tuple[int, int, str]) -> None:
    size, min_samples, method = settings
    print(f"\nmin_cluster_size {size}, min_samples {min_samples}, {method}")
    names = ("seconds", "as fast", "processor", "ARI", "clusters", "MB")
    print(f"{'tracks':>7} {'by':<22}" + "".join(f"{name:>10}" for name in names))
    for n in sizes:
        reference = None
        for fit in FITS:
            found = in_own_process({"fit": fit, "n": n, "settings": settings, "folder": str(folder)})
            reference = reference or found
            faster = reference["seconds"] / found["seconds"]
            cells = (
                f"{found['seconds']:.2f}",
                f"{faster:.1f}",
                f"{found['cpu']:.1f}",
                f"{found['ari']:.4f}",
                str(found["clusters"]),
                f"{found['peak_bytes'] / 1e6:.0f}",
            )
            print(f"{n:>7} {fit:<22}" + "".join(f"{cell:>10}" for cell in cells), flush=True)


def builds(folder: Path, sizes: list[int]) -> None:
    print("\nnaive_features, built whole")
    print(f"{'tracks':>7}{'seconds':>9}{'processor':>11}{'MB':>6}  stages")
    for n in sizes:
        found = in_own_process({"fit": "build", "n": n, "settings": [], "folder": str(folder)})
        stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in found["stages"].items())
        peak = found["peak_bytes"] / 1e6
        print(f"{n:>7}{found['seconds']:>9.1f}{found['cpu']:>11.1f}{peak:>6.0f}  {stages}", flush=True)


def in_own_process(task: dict) -> dict:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.clustering", "--one", json.dumps(task)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_one(task: dict) -> dict:
    folder = Path(task["folder"])
    if task["fit"] == "build":
        return build_whole(folder, task["n"])
    vectors = np.load(folder / "vectors.npy")[draw(folder, task["n"])]
    fit = prepared(task["fit"], vectors, *task["settings"])
    started_s, cpu_s = time.perf_counter(), time.process_time()
    label = fit()
    seconds, cpu = time.perf_counter() - started_s, time.process_time() - cpu_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    kept = folder / f"labels-{task['n']}-{task['settings']}.npy"
    if task["fit"] == REFERENCE:
        np.save(kept, label)
    from sklearn.metrics import adjusted_rand_score

    return {
        "seconds": seconds,
        "cpu": cpu,
        "ari": adjusted_rand_score(np.load(kept), label),
        "clusters": int(label.max()) + 1,
        "peak_bytes": peak,
    }


def draw(folder: Path, n: int) -> np.ndarray:
    total = len(np.load(folder / "vectors.npy", mmap_mode="r"))
    return np.sort(np.random.default_rng(SEED).choice(total, n, replace=False))


def prepared(fit: str, vectors: np.ndarray, size: int, min_samples: int, method: str):
    how = {"min_cluster_size": size, "min_samples": min_samples, "cluster_selection_method": method}
    if fit.startswith(REFERENCE):
        import hdbscan

        approximate = fit == REFERENCE
        return lambda: hdbscan.HDBSCAN(**how, approx_min_span_tree=approximate).fit(vectors).labels_
    if fit == "fast_hdbscan":
        import fast_hdbscan

        fast_hdbscan.HDBSCAN(**how).fit(vectors[:2000])
        return lambda: fast_hdbscan.HDBSCAN(**how).fit(vectors).labels_
    from training.cluster.build.hierarchy import cut, link_edges
    from training.cluster.build.neighbours import find_neighbours
    from training.cluster.build.spanning_tree import span

    k, threads = int(fit.split()[1]), len(os.sched_getaffinity(0))

    def ours() -> np.ndarray:
        rounded = vectors.astype(np.float32)
        edges = span(rounded, find_neighbours(rounded, k, threads=threads), min_samples)
        return cut(link_edges(edges), size, method).label

    return ours


def build_whole(folder: Path, n: int) -> dict:
    from segue.domain.catalogue.vocabulary import Vocabulary
    from training.cluster.build.variant_build import build_variant
    from training.cluster.data.input import VariantInput, load_input, write_input
    from training.cluster.data.reading import some_labels, some_text
    from training.cluster.settings import ClusterSettings
    from training.cluster.variant import VARIANTS
    from training.cluster.work import RECORD

    rows, whole = draw(folder, n), load_input(folder / "input")
    part = VariantInput(
        Vocabulary(whole.vocabulary.item_id[rows]),
        some_text(whole.name, rows),
        some_labels(whole.artists, rows),
        some_labels(whole.genres, rows),
        whole.columns,
        whole.value[rows],
    )
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_input(part, work / "input")
        started_s, cpu_s = time.perf_counter(), time.process_time()
        threads = len(os.sched_getaffinity(0))
        build_variant(
            work, VARIANTS["naive_features"], ClusterSettings(), threads=threads, progress=lambda *_: None
        )
        told = json.loads((work / RECORD).read_bytes())["training"]
        seconds, cpu = time.perf_counter() - started_s, time.process_time() - cpu_s
    stages = told["stages"]
    return {"seconds": seconds, "cpu": cpu, "peak_bytes": told["peak_memory_bytes"], "stages": stages}


if __name__ == "__main__":
    main()
