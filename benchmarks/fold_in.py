"""A history folded in and the best 200 of 100 000 items: ``python -m benchmarks.fold_in``.

Each on one core, with the same factors, objective and histories:

* plain: the d × d system of the unrotated factors, solved as the textbook says, and numpy's argpartition;
* implicit: ``recommend(recalculate_user=True)``, its own C++;
* Segue: `fold_in` in the eigenbasis and `top_items`, exact;
* Segue, cells: the same in cells of the leading 128 columns, and what share of the 200 it finds.

The variants take turns in every round. That the exact ones give the same items is checked first. Factors are
random with a spectrum that falls as in those fitted to real plays, about a thousand middles as real ones lie
about styles; a history is drawn near a random taste.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from segue.domain.listening.history import History
from segue.domain.model.collaborative.item_factors import Objective, fold_in, rotate, top_items
from segue.domain.vector.inverted_file import best_rows
from segue.domain.vector.nearest import recall_of
from segue.domain.vector.top_n import top_n
from training.algorithm.collaborative.inverted_file import find_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.domain.model.collaborative.item_factors import ItemFactors

N_ITEMS, N_BEST, N_MIDDLES, N_TASTES = 100_000, 200, 1000, 100
EXACT = ("plain", "implicit", "Segue")
OBJECTIVE = Objective(regularization=20.0, alpha=10.0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fold-in and top 200 of 100 000 items.")
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    table = Table(
        "d", "h", "variant", "fold-in ms", "with top 200 ms", "plain / it", "implicit / it", "recall"
    )
    with threadpool_limits(1, "blas"):
        for n_factors in (64, 128, 1024):
            raw = random_factors(n_factors)
            model = rotate(raw, OBJECTIVE)
            tastes = [fold_in(model, history_of_a_taste(model, 50, 1000 + seed)) for seed in range(N_TASTES)]
            model = replace(model, cells=find_cells(model.factors, np.array(tastes), seed=1))
            for length in (5, 50, 500):
                measure(table, raw, model, length, rounds)
            table.add_section()
    Console(width=110).print(table, f"Medians of {rounds} rounds, one core.")


def random_factors(n_factors: int) -> np.ndarray:
    rng = np.random.default_rng(n_factors)
    spectrum = np.arange(1, n_factors + 1) ** -0.3
    basis = np.linalg.qr(rng.normal(size=(n_factors, n_factors)))[0]
    middles = rng.normal(size=(N_MIDDLES, n_factors))[rng.integers(N_MIDDLES, size=N_ITEMS)]
    factors = 0.2 * (middles + rng.normal(size=(N_ITEMS, n_factors))) * spectrum @ basis
    return np.ascontiguousarray(factors, np.float32)


def measure(table: Table, raw: np.ndarray, model: ItemFactors, length: int, rounds: int) -> None:
    histories = [history_of_a_taste(model, length, seed) for seed in range(rounds)]
    variants = all_variants(raw, model)
    check_agreement([variants[name][1] for name in EXACT], histories[0])
    median_ms = {
        name: np.median(rows, axis=0) * 1e3 for name, rows in taking_turns(variants, histories).items()
    }
    users = np.array([fold_in(model, history) for history in histories])
    for name, (fold_ms, best_ms) in median_ms.items():
        ratios = [f"{median_ms[peer][1] / best_ms:.1f}" for peer in ("plain", "implicit")]
        share = 1.0 if name in EXACT else recall(model, users)
        cells = (str(raw.shape[1]), str(length), name, f"{fold_ms:.2f}", f"{best_ms:.2f}", *ratios)
        table.add_row(*cells, f"{share:.3f}")


def recall(model: ItemFactors, users: np.ndarray) -> float:
    found, wanted = (
        [best_rows(model.factors, cells, user, N_BEST)[0] for user in users] for cells in (model.cells, None)
    )
    return recall_of(found, wanted)


def all_variants(raw: np.ndarray, model: ItemFactors) -> dict[str, tuple[Callable, Callable]]:
    """Each variant's fold-in alone, and with the best items."""
    peer = implicit_model(raw)
    gram = raw.T.astype(np.float64) @ raw

    def plain_user(history: History) -> np.ndarray:
        return plain_fold_in(raw, gram, history)

    def plain_best(history: History) -> np.ndarray:
        scores = raw @ plain_user(history)
        scores[history.item_index] = -np.inf
        best = np.argpartition(-scores, N_BEST)[:N_BEST]
        return best[np.argsort(-scores[best])]

    def implicit_user(history: History) -> np.ndarray:
        return peer.recalculate_user(0, as_row(history))

    def implicit_best(history: History) -> np.ndarray:
        return peer.recommend(0, as_row(history), N=N_BEST, recalculate_user=True)[0]

    def user(history: History) -> np.ndarray:
        return fold_in(model, history)

    def best(history: History, model: ItemFactors = model) -> np.ndarray:
        return top_items(model, user(history), N_BEST, history.item_index)[0]

    whole = replace(model, cells=None)

    variants = {
        "plain": (plain_user, plain_best),
        "implicit": (implicit_user, implicit_best),
        "Segue": (user, lambda history: best(history, whole)),
    }
    if model.cells is not None:
        variants["Segue, cells"] = (user, best)
    return variants


def taking_turns(variants: dict[str, tuple[Callable, Callable]], histories: list[History]) -> dict:
    """Seconds of each variant, (rounds, 2)."""
    seconds = {name: np.empty((len(histories), 2)) for name in variants}
    for number, history in enumerate(histories):
        for name, pair in variants.items():
            for column, answer in enumerate(pair):
                started_s = time.perf_counter()
                answer(history)
                seconds[name][number, column] = time.perf_counter() - started_s
    return seconds


def history_of_a_taste(model: ItemFactors, length: int, seed: int) -> History:
    """Draw from the items that lie closest to a random taste."""
    rng = np.random.default_rng(seed)
    taste = (rng.normal(size=len(model.eigenvalues)) * np.sqrt(model.eigenvalues)).astype(np.float32)
    liked = rng.choice(top_n(model.factors @ taste, 5 * length), length, replace=False)
    return History(np.sort(liked), rng.integers(1, 5, length).astype(np.float32))


def plain_fold_in(factors: np.ndarray, gram: np.ndarray, history: History) -> np.ndarray:
    confidence = OBJECTIVE.alpha * history.confidence.astype(np.float64)
    liked = factors[history.item_index].astype(np.float64)
    system = gram + (liked.T * (confidence - 1)) @ liked + OBJECTIVE.regularization * np.eye(len(gram))
    return np.linalg.solve(system, liked.T @ confidence).astype(np.float32)


def implicit_model(factors: np.ndarray) -> AlternatingLeastSquares:
    model = AlternatingLeastSquares(
        factors=factors.shape[1],
        regularization=OBJECTIVE.regularization,
        alpha=OBJECTIVE.alpha,
        num_threads=1,
    )
    model.item_factors = factors
    model.user_factors = np.zeros((1, factors.shape[1]), np.float32)
    return model


def as_row(history: History) -> csr_matrix:
    bounds = [0, len(history)]
    return csr_matrix((history.confidence, history.item_index, bounds), shape=(1, N_ITEMS))


def check_agreement(answers: list[Callable], history: History) -> None:
    first, *others = [set(answer(history).tolist()) for answer in answers]
    for other in others:
        if len(first & other) < N_BEST - 2:  # float32 may order the last ones otherwise
            raise SystemExit(f"{N_BEST - len(first & other)} of {N_BEST} items differ")


if __name__ == "__main__":
    main()
