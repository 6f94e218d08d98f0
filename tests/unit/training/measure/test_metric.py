"""Metrics, held to a naive implementation and to irspack's."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from training.measure import metric
from training.measure.metric import (
    ACCURACY,
    accuracy_of_users,
    calibration_of_users,
    coverage,
    diversity_of_users,
    gini,
    novelty_of_users,
)

N_ITEMS = 9


@st.composite
def experiments(draw) -> tuple[np.ndarray, list[set[int]]]:
    k = draw(st.integers(1, 6))
    lists, truths = [], []
    for _ in range(draw(st.integers(1, 5))):
        items = draw(st.permutations(range(N_ITEMS)))[: draw(st.integers(0, k))]
        lists.append([*items, *[-1] * (k - len(items))])
        truths.append(draw(st.sets(st.integers(0, N_ITEMS - 1), min_size=1)))
    return np.array(lists, np.int32), truths


def matrix(truths: list[set[int]]) -> csr_matrix:
    dense = np.zeros((len(truths), N_ITEMS), np.float32)
    for user, items in enumerate(truths):
        dense[user, list(items)] = 2.0
    return csr_matrix(dense)


def naive(items: list[int], truth: set[int]) -> dict[str, float]:
    k = len(items)
    hits = [item in truth for item in items]
    dcg = sum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(truth), k)))
    precisions = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return {
        "recall": sum(hits) / len(truth),
        "precision": sum(hits) / k,
        "ndcg": dcg / ideal,
        "mrr": 1 / (hits.index(True) + 1) if any(hits) else 0.0,
        "hit_rate": float(any(hits)),
        "map": sum(precisions) / min(len(truth), k),
    }


@given(experiments())
def test_every_user_is_measured_as_a_naive_implementation_would(experiment) -> None:
    ranking, truths = experiment
    measured = accuracy_of_users(ranking, matrix(truths))
    assert tuple(measured) == ACCURACY
    for user, truth in enumerate(truths):
        expected = naive(ranking[user].tolist(), truth)
        assert {name: values[user] for name, values in measured.items()} == pytest.approx(expected)


N_GROUPS = 4
descriptions = st.lists(st.sets(st.integers(0, N_GROUPS - 1)), min_size=N_ITEMS, max_size=N_ITEMS)


def describe(described: list[set[int]], norm: float) -> csr_matrix:
    """A row for each item, its groups alike, of length 1 by the norm."""
    dense = np.zeros((N_ITEMS, N_GROUPS))
    for item, groups in enumerate(described):
        dense[item, list(groups)] = len(groups) ** (-1 / norm) if groups else 0
    return csr_matrix(dense)


@given(experiments(), descriptions)
def test_diversity_is_the_mean_distance_of_all_pairs(experiment, described) -> None:
    ranking, _ = experiment
    measured = diversity_of_users(ranking, describe(described, 2))
    for items, diversity in zip(ranking.tolist(), measured, strict=True):
        known = [described[item] for item in items if item >= 0 and described[item]]
        distances = [
            1 - len(one & other) / math.sqrt(len(one) * len(other)) for one, other in combinations(known, 2)
        ]
        assert diversity == pytest.approx(np.mean(distances) if distances else np.nan, nan_ok=True)


@given(experiments(), descriptions)
def test_calibration_is_the_divergence_from_the_history(experiment, described) -> None:
    ranking, histories = experiment

    def share(items: list[int]) -> list[float]:
        known = [described[item] for item in items if item >= 0 and described[item]]
        sums = [sum(1 / len(each) for each in known if group in each) for group in range(N_GROUPS)]
        return [each / max(1, len(known)) for each in sums]

    measured = calibration_of_users(ranking, matrix(histories), describe(described, 1))
    for items, history, calibration in zip(ranking.tolist(), histories, measured, strict=True):
        p, q = share(sorted(history)), share(items)
        terms = [a * math.log(a / (0.99 * b + 0.01 * a)) for a, b in zip(p, q, strict=True) if a > 0]
        assert calibration == pytest.approx(sum(terms) if any(p) else np.nan, nan_ok=True, abs=1e-12)


def test_a_list_like_the_history_is_calibrated_and_one_beside_it_is_not() -> None:
    groups = csr_matrix(np.repeat(np.eye(2), 4, axis=0))
    history = csr_matrix(np.array([[1, 1, 0, 0, 5, 0, 0, 0]], np.float32))

    def of(*items: int) -> float:
        return float(calibration_of_users(np.array([items], np.int32), history, groups)[0])

    assert of(2, 3, 5) == pytest.approx(0, abs=1e-12)
    assert 0 < of(2, 5, 6) < of(5, 6, 7) < of(-1, -1, -1) == pytest.approx(math.log(100))


def test_chunks_change_no_figure(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    ranking = np.array([rng.permutation(N_ITEMS)[:5] for _ in range(40)], np.int32)
    described = [set(rng.choice(N_GROUPS, 2).tolist()) for _ in range(N_ITEMS)]
    history = csr_matrix((rng.random((40, N_ITEMS)) < 0.4).astype(np.float32))

    def measure() -> list[np.ndarray]:
        return [
            diversity_of_users(ranking, describe(described, 2)),
            calibration_of_users(ranking, history, describe(described, 1)),
        ]

    whole = measure()
    monkeypatch.setattr(metric, "_CHUNK_NUMBERS", 15)
    assert np.array_equal(whole, measure(), equal_nan=True)


K = (1, 5, 20)
IRSPACK = f"""
import json, sys, types
from importlib.util import find_spec
from pathlib import Path
import numpy as np
from scipy.sparse import csr_matrix
folder = Path(find_spec("irspack").submodule_search_locations[0])
for name, path in (("irspack", folder), ("irspack.evaluation", folder / "evaluation")):
    sys.modules[name] = types.ModuleType(name)  # empty: what the real package imports takes seconds
    sys.modules[name].__path__ = [str(path)]
from irspack.evaluation._core_evaluator import EvaluatorCore
truth, scores = np.load(sys.argv[1])
core = EvaluatorCore(csr_matrix(truth), [])
print(json.dumps([core.get_metrics_f64(scores, k, 0, 1, False).as_dict() for k in {K}]))
"""


@pytest.fixture(scope="module")
def peer(tmp_path_factory) -> tuple[np.ndarray, np.ndarray, list[dict[str, float]]]:
    """Truth, scores, and irspack's means at each K, from a process of its own.

    irspack's package loads a solver that training loads too, and a process that loads it twice is aborted.
    """
    rng = np.random.default_rng(1)
    truth = (rng.random((60, 40)) < 0.15).astype(np.float64)
    truth[:, 0] = np.maximum(truth[:, 0], truth.sum(axis=1) == 0)
    scores = rng.random((60, 40))
    path = tmp_path_factory.mktemp("irspack") / "data.npy"
    np.save(path, np.stack([truth, scores]))
    command = [sys.executable, "-c", IRSPACK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return truth, scores, json.loads(done.stdout)


@pytest.mark.parametrize("k", K)
def test_means_are_those_of_irspack(peer, k: int) -> None:
    truth, scores, theirs = csr_matrix(peer[0]), peer[1], peer[2][K.index(k)]
    ranking = np.argsort(-scores, axis=1)[:, :k].astype(np.int32)
    users = accuracy_of_users(ranking, truth)
    n_relevant = np.diff(truth.indptr)
    users["map"] *= np.minimum(n_relevant, k) / n_relevant  # irspack divides by |rel| however short the list
    ours = {name: values.mean() for name, values in users.items()}
    names = {"recall": "recall", "precision": "precision", "ndcg": "ndcg", "hit_rate": "hit", "map": "map"}
    assert {name: ours[name] for name in names} == pytest.approx({n: theirs[t] for n, t in names.items()})
    assert gini(ranking, 40) == pytest.approx(theirs["gini_index"])
    assert coverage(ranking, 40) == pytest.approx(theirs["appeared_item"] / 40)


def test_gini_is_none_of_equals_and_all_of_one() -> None:
    assert gini(np.arange(8, dtype=np.int32).reshape(4, 2), 8) == pytest.approx(0)
    assert gini(np.zeros((5, 1), np.int32), 8) == pytest.approx(7 / 8)
    assert gini(np.full((5, 1), -1, np.int32), 8) == 0


def test_coverage_counts_items_and_not_empty_places() -> None:
    assert coverage(np.array([[0, 1], [1, -1]], np.int32), 8) == 0.25


def test_novelty_is_the_surprise_in_bits() -> None:
    train = csr_matrix(np.array([[1, 1, 0], [5, 0, 0], [1, 0, 0], [1, 0, 0]], np.float32))
    novelty = novelty_of_users(np.array([[0, 1], [2, -1], [-1, -1]], np.int32), train)
    assert novelty.tolist() == [1.0, 2.0, 0.0]
