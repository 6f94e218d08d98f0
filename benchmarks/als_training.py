"""Training of ALS beside plain implicit, at equal quality: ``python -m benchmarks.als_training``.

On the published split of Gowalla (``gowalla/train.npz`` and ``test.npz`` in the folder that SEGUE_DATA_DIR
names), all in 64 dimensions, on as many threads as there are cores:

* implicit: ``AlternatingLeastSquares.fit``, BLAS on one thread as it asks for, after 3, 6 and 15 sweeps;
* Segue, als: the same solver as `segue train` runs it, with what serving needs: the rotation to the basis of
  the Gram matrix included;
* Segue, ials: after 1, 2, 3, 4 and 8 sweeps.

Each is fitted three times, taking turns; seconds are medians. NDCG@20 ranks the whole catalogue without the
training items for 3000 listeners, whose vectors are folded in, alike for all. The last column is the time of
implicit's 15 sweeps over that of the variant: at equal quality where the NDCG is no lower than theirs.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix, load_npz
from threadpoolctl import threadpool_limits

from segue.domain.model.collaborative.item_factors import Objective, rotate
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.scorer import FactorScorer
from training.measure.metric import accuracy_of_users
from training.measure.order import rank_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

N_FACTORS, N_SWEEPS, N_USERS, K, ROUNDS = 64, 15, 3000, 20, 3
SETTINGS = AlsRecommender(n_factors=N_FACTORS, n_sweeps=N_SWEEPS)


def main() -> None:
    folder = Path(os.environ.get("SEGUE_DATA_DIR", "")) / "gowalla"
    if not (folder / "train.npz").exists():
        print("skipped: SEGUE_DATA_DIR names no folder with gowalla/train.npz")
        return
    train, test = (
        csr_matrix(load_npz(folder / f"{part}.npz"), dtype=np.float32) for part in ("train", "test")
    )
    variants: dict[str, tuple[int, Callable[[csr_matrix], FactorScorer]]] = {}
    for sweeps in (3, 6, N_SWEEPS):
        variants[f"implicit, {sweeps}"] = (sweeps, partial(fit_implicit, n_sweeps=sweeps))
    variants["Segue, als"] = (N_SWEEPS, partial(SETTINGS.fit, progress=lambda _: None))
    for sweeps in (1, 2, 3, 4, 8):
        model = IalsRecommender(n_factors=N_FACTORS, n_sweeps=sweeps)
        variants[f"Segue, ials, {sweeps}"] = (sweeps, partial(model.fit, progress=lambda _: None))
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    fitted: dict[str, FactorScorer] = {}
    for _ in range(ROUNDS):
        for name, (_, fit) in variants.items():
            started_s = time.perf_counter()
            fitted[name] = fit(train)
            seconds[name].append(time.perf_counter() - started_s)
    users = np.flatnonzero(np.diff(train.indptr) * np.diff(test.indptr))[:N_USERS]
    table = Table("", "s", "million plays × sweeps / s", f"NDCG@{K}", "implicit / it")
    peer_s = float(np.median(seconds[f"implicit, {N_SWEEPS}"]))
    for name, (sweeps, _) in variants.items():
        taken_s = float(np.median(seconds[name]))
        ranking = rank_catalogue(fitted[name], train, users, K)
        ndcg = accuracy_of_users(ranking, test[users])["ndcg"].mean()
        rate = train.nnz * sweeps / taken_s / 1e6
        table.add_row(name, f"{taken_s:.2f}", f"{rate:.1f}", f"{ndcg:.4f}", f"{peer_s / taken_s:.2f}")
    Console(width=110).print(table, f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")


def fit_implicit(plays: csr_matrix, n_sweeps: int) -> FactorScorer:
    model = AlternatingLeastSquares(
        factors=N_FACTORS,
        regularization=SETTINGS.regularization,
        alpha=SETTINGS.alpha,
        iterations=n_sweeps,
        random_state=SETTINGS.seed,
    )
    with threadpool_limits(1, "blas"):
        model.fit(plays, show_progress=False)
    objective = Objective(SETTINGS.regularization, alpha=SETTINGS.alpha)
    return FactorScorer(rotate(model.item_factors, objective))


if __name__ == "__main__":
    main()
