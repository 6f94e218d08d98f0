"""The forest: it learns what can be learnt, admits what cannot, and its export answers alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from segue.backends.onnx import OnnxClassifier
from segue.domain.genre_preference.preference import Answerer
from segue.errors import NotEnoughDataError, ParityError
from tests.purchases import random_store
from training.genre_preference.examples import split_by_time
from training.genre_preference.fit import fit_genre_preference
from training.genre_preference.trainer import ForestParams

PARAMS = ForestParams(n_estimators=30)


@pytest.fixture(scope="module")
def learnt():
    return fit_genre_preference(split_by_time(random_store(200, learnable=True)), PARAMS, OnnxClassifier)


def test_structure_is_learnt_and_served(learnt) -> None:
    assert learnt.model.answerer is Answerer.FOREST
    assert learnt.evaluation.accuracy[Answerer.FOREST].value > 0.8
    assert max(learnt.evaluation.p_value.values()) < 0.01


def test_without_structure_a_baseline_is_served_and_the_reason_says_so() -> None:
    trained = fit_genre_preference(split_by_time(random_store(200, learnable=False)), PARAMS, OnnxClassifier)
    assert trained.model.answerer is Answerer.MOST_COMMON_GENRE
    assert "a constant answer" in trained.verdict.reason


def test_onnx_answers_as_scikit_learn(learnt) -> None:
    assert 0 <= learnt.forest.parity_error < 1e-5


def test_the_confusion_matrix_and_the_report_count_the_same_customers(learnt) -> None:
    evaluation = learnt.evaluation
    n = evaluation.accuracy[Answerer.FOREST].n
    assert evaluation.confusion.sum() == n
    assert np.trace(evaluation.confusion) / n == pytest.approx(evaluation.accuracy[Answerer.FOREST].value)
    f1 = [row["f1-score"] for row in evaluation.per_genre.values()]
    assert np.mean(f1) == pytest.approx(evaluation.macro_f1[Answerer.FOREST].value)
    assert sum(row["support"] for row in evaluation.per_genre.values()) == n


def test_importance_falls_on_the_shares(learnt) -> None:
    first = next(iter(learnt.evaluation.importance))
    assert first in {"where customers drift to", "share behind the first, half-life 20 days"}


@dataclass
class Shifted:
    """A classifier that is off by a little."""

    inner: OnnxClassifier

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return self.inner.probabilities(features) + np.float32(2e-5)


def test_an_export_that_is_off_is_refused() -> None:
    split = split_by_time(random_store(60, learnable=True))
    with pytest.raises(ParityError, match="nothing was published"):
        fit_genre_preference(split, PARAMS, lambda onnx: Shifted(OnnxClassifier(onnx)))


def test_customers_of_one_favourite_teach_nothing() -> None:
    store = random_store(30, learnable=True)
    genre = np.where(np.arange(len(store.at)) % 25 == 0, 1, 3).astype(np.int32)
    lone = type(store)(
        store.customers, store.genres, store.customer_id, store.at, genre, store.spend, store.quantity
    )
    with pytest.raises(NotEnoughDataError, match="prefer 'Rock'"):
        fit_genre_preference(split_by_time(lone), PARAMS, OnnxClassifier)
