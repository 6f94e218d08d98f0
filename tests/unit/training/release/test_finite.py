"""What comes of plays that no solver can bear: a model that is named, and others that are measured."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from typer.testing import CliRunner

from segue.artifacts.family import CATALOGUE, MEMBERS
from segue.artifacts.place.local import LocalStore
from segue.cli import app
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.popularity.popularity import build_popularity
from segue.embedded import open_recommender
from segue.errors import TrainingError
from tests.small_recommender import SMALL, dataset, train_hybrid
from training.algorithm.collaborative.linear import ItemKnn, Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.algorithm.registry import KINDS
from training.algorithm.scorer import PopularityScorer, SimilarityScorer
from training.evaluate.reader import InteractionTable
from training.evaluate.run import EvaluationRequest, Progress, Report, measure_all
from training.evaluate.split import Protocol, divide
from training.evaluate.weighting import Weighting
from training.hybrid.data.split import TimePart, damped_matrix
from training.hybrid.data.split import divide as divide_events
from training.hybrid.pipeline import HybridTraining
from training.measure.order import rank_catalogue
from training.release.finite import fit_finite


def table(weight: np.ndarray) -> InteractionTable:
    """80 users with 12 of 60 items each."""
    rng = np.random.default_rng(0)
    items = np.concatenate([rng.choice(60, 12, replace=False) for _ in range(80)])
    return InteractionTable(np.repeat(np.arange(80), 12), items, weight.astype(np.float32))


def one_cell(weight: float) -> np.ndarray:
    return np.where(np.arange(960) == 5, weight, 1.0)


def measured(weight: np.ndarray, *names: str) -> Report:
    split = divide(table(weight), None, Protocol.RANDOM_8_1_1, seed=1).weigh(Weighting.RAW)
    silent = Progress(lambda _: None, lambda _: None, lambda _name, _share: None)
    return measure_all(split, {name: KINDS[name] for name in names}, EvaluationRequest(k=10, seed=1), silent)


@pytest.mark.parametrize("weight", [one_cell(1e5), one_cell(1e30), np.full(960, 1e38)])
def test_factors_that_overflow_are_named_and_popularity_is_measured(weight: np.ndarray) -> None:
    report = measured(weight, "popularity", "ials")
    assert [model.name for model in report.models] == ["popularity"]
    assert "its factors are not finite with these weights" in report.failed["ials"]


def test_no_solver_ends_the_run_and_what_is_measured_is_finite() -> None:
    report = measured(np.full(960, 1e38), *KINDS)
    names = {model.name for model in report.models}
    assert names | report.failed.keys() == KINDS.keys()
    assert {"popularity", "rp3beta", "item-knn"} <= names
    assert {"als", "nmf", "ease", "graph-filter"} <= report.failed.keys()
    assert all("finite" in why or "solver failed" in why for why in report.failed.values())
    assert all(np.isfinite(model.users["ndcg"]).all() for model in report.models)


@pytest.mark.parametrize(
    "events",
    [[[0] * 6, [1, 0, 0, 0, 0, 0], [0] * 6, [0, 0, 0, 1, 0, 1]], [[1e30, 1, 0], [1, 1, 0], [0, 1, 1e30]]],
)
def test_themes_that_too_few_events_or_too_great_ones_give_are_refused(events: list[list[float]]) -> None:
    with pytest.raises(TrainingError, match="its factors are not finite with these data: give more events"):
        fit_finite(NmfRecommender(), csr_matrix(np.array(events, np.float32)), lambda _: None)


@pytest.mark.parametrize("kind", [Rp3Beta, ItemKnn])
def test_weights_that_only_differ_in_size_give_the_same_neighbours(kind) -> None:
    small, great = (divide(table(np.full(960, size)), None, Protocol.RANDOM_8_1_1, 1) for size in (1, 1e38))
    model = kind(**({"shrinkage": 0.0} if kind is ItemKnn else {}))
    ours, theirs = (
        model.fit(each.weigh(Weighting.RAW).train, lambda _: None).model for each in (small, great)
    )
    assert len(ours.item_index) == len(theirs.item_index)


@dataclass(frozen=True, slots=True)
class Failing:
    error: Exception | None = None

    def fit(self, interactions: csr_matrix, step) -> SimilarityScorer:
        if self.error:
            raise self.error
        empty = np.zeros(interactions.shape[1] + 1, np.int64)
        empty[1:] = 1
        return SimilarityScorer(ItemSimilarity(empty, np.zeros(1, np.int32), np.full(1, np.nan, np.float32)))


@pytest.mark.parametrize(
    "error", [ValueError("inf"), RuntimeError("inf"), OverflowError("inf"), np.linalg.LinAlgError("inf")]
)
def test_a_solvers_error_says_what_to_do(error: Exception) -> None:
    with pytest.raises(TrainingError, match=r"solver failed with these weights \(inf\): give smaller"):
        fit_finite(Failing(error), csr_matrix(np.eye(2)), lambda _: None)


def test_the_machine_may_be_too_small_for_one_model() -> None:
    with pytest.raises(TrainingError, match="no memory left"):
        fit_finite(Failing(MemoryError()), csr_matrix(np.eye(2)), lambda _: None)


def test_a_weight_that_is_no_number_is_found_wherever_it_is() -> None:
    with pytest.raises(TrainingError, match="its weight are not finite"):
        fit_finite(Failing(), csr_matrix(np.eye(2)), lambda _: None)


def test_scores_that_are_no_numbers_are_not_ranked() -> None:
    scorer = PopularityScorer(build_popularity(np.array([1, np.inf], np.float32)))
    with pytest.raises(TrainingError, match="its scores are not finite"):
        rank_catalogue(scorer, csr_matrix(np.eye(2)), np.arange(2), 1)


def test_the_greatest_counts_are_trained_on(tmp_path: Path) -> None:
    data = dataset()
    odd = data.interactions.user_index % 2 == 1
    huge = replace(data.interactions, count=np.where(odd, 1e6, 1).astype(np.float32))
    data = replace(data, interactions=huge)
    parts = divide_events(huge, data.catalogue, 17)
    assert np.isfinite(damped_matrix(huge, data.catalogue, parts.part == TimePart.FIT).data).all()
    store = LocalStore(tmp_path)
    outcome = train_hybrid(store, data)
    assert outcome.alias is not None
    assert set(outcome.manifest.record.depends_on) == {CATALOGUE, *MEMBERS}
    assert not [w for w in outcome.manifest.record.training["warnings"] if "left out" in w]


def test_a_member_that_cannot_be_fitted_is_left_out_and_the_others_are_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("segue.train"), "propagate", True)
    settings = replace(SMALL, members={**SMALL.members, "parts": NmfRecommender(n_factors=4, n_sweeps=0)})
    manifest = train_hybrid(LocalStore(tmp_path), training=HybridTraining(settings)).manifest
    assert set(manifest.record.depends_on) == {CATALOGUE, *MEMBERS} - {"nonnegative-factors"}
    little, warning = manifest.record.training["warnings"]
    assert little.startswith(
        "little data: 120 tracks of 10,000, 60 listeners of 1,000, 1,680 events of 50,000"
    )
    assert warning in caplog.messages
    assert warning.startswith("nonnegative-factors is left out: its solver failed")
    answer = open_recommender(str(tmp_path), cache=tmp_path / "cache").recommend("x", seed_tracks=["t001"])
    assert answer.answered_by == "hybrid"


FAKE = 'raise ImportError("libgomp.so.1: cannot open shared object file: No such file or directory")\n'


def test_without_a_system_library_a_model_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "implicit").mkdir()
    (tmp_path / "implicit" / "__init__.py").write_text(FAKE)
    rows = "".join(f"u{user},i{(user + place) % 9}\n" for user in range(12) for place in range(6))
    (tmp_path / "plays.csv").write_text(f"user,item\n{rows}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "implicit"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    command = ["evaluate", "--train", str(tmp_path / "plays.csv"), "--protocol", "random-8-1-1"]
    done = CliRunner().invoke(app, [*command, "--models", "popularity,als"], env={"COLUMNS": "400"})
    assert done.exit_code == 1
    assert "als was not fitted: implicit: it is not available (libgomp.so.1" in done.stdout
    assert "apt-get install libgomp1" in done.stdout
    assert "popularity" in done.stdout
