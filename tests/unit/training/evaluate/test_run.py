"""On data whose truth is known the personal models win, and the figures are what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.errors import InvalidInputError, NotEnoughDataError
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import ItemKnn
from training.algorithm.kind import AlgorithmKind
from training.algorithm.registry import KINDS
from training.evaluate.reader import InteractionTable
from training.evaluate.run import EvaluationRequest, Progress, Report, measure_all
from training.evaluate.split import Protocol, Split, divide
from training.evaluate.weighting import Weighting
from training.measure.footprint import size_bytes
from training.measure.space import Choice

ROOT = Path(__file__).parents[4]
N_BLOCKS, BLOCK_USERS, BLOCK_ITEMS, HISTORY = 5, 30, 20, 10


def blocks() -> Split:
    """Users of a block have half of its items, and nothing of others but one item that everybody has."""
    rng = np.random.default_rng(0)
    rows = [(user, 0) for user in range(N_BLOCKS * BLOCK_USERS)]
    for user in range(N_BLOCKS * BLOCK_USERS):
        of_block = 1 + user // BLOCK_USERS * BLOCK_ITEMS + rng.permutation(BLOCK_ITEMS)[:HISTORY]
        rows += [(user, item) for item in of_block]
    users, items = np.array(rows).T
    table = InteractionTable(users, items, np.ones(len(users), np.float32))
    return divide(table, None, Protocol.RANDOM_8_1_1, seed=1)


def run(split: Split, kinds: dict[str, AlgorithmKind], **changed) -> Report:
    silent = Progress(lambda _: None, lambda _: None, lambda _name, _share: None)
    return measure_all(split, kinds, replace(EvaluationRequest(k=10, seed=1), **changed), silent)


@dataclass(frozen=True, slots=True)
class Refusing:
    """Cannot be fitted."""

    def fit(self, interactions: csr_matrix, step) -> None:
        raise NotEnoughDataError("too little")


def small(kind):
    return lambda **params: kind(**{"n_factors": 8} | params)


SMALL = KINDS | {
    "ials": AlgorithmKind(small(IalsRecommender), 0, {}),
    "als": AlgorithmKind(small(AlsRecommender), 0, {}),
    "refusing": AlgorithmKind(Refusing, 0, {}),
}


@pytest.fixture(scope="module")
def report() -> Report:
    return run(blocks(), SMALL)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "popularity"])
def test_every_personal_model_beats_popularity_surely(name: str, report: Report) -> None:
    (test,) = (test for test in report.tests if {test.better, test.worse} == {name, "popularity"})
    assert test.better == name
    assert test.p_holm < 1e-6


def test_figures_are_those_of_the_data(report: Report) -> None:
    """A personal model can do no better than rank the rest of the block, in an order that is chance."""
    (knn,) = (model for model in report.models if model.name == "item-knn")
    unseen = BLOCK_ITEMS - HISTORY + 1  # the test item among those of the block that are left
    assert knn.metrics["recall"].value == pytest.approx(10 / unseen, abs=0.06)
    assert knn.metrics["recall"].n == N_BLOCKS * BLOCK_USERS
    assert knn.coverage == pytest.approx(1, abs=0.03)
    assert knn.model_bytes > 0
    assert knn.peak_bytes > 10 * 2**20


def test_a_model_that_cannot_be_fitted_is_named_and_the_others_stay(report: Report) -> None:
    assert report.failed == {"refusing": "too little"}
    assert {model.name for model in report.models} == KINDS.keys()
    ndcg = [model.metrics["ndcg"].value for model in report.models]
    assert ndcg == sorted(ndcg, reverse=True)
    with pytest.raises(NotEnoughDataError, match="too little"):
        run(blocks(), {"refusing": SMALL["refusing"]})


def test_a_blend_is_made_of_the_models_of_the_run(report: Report) -> None:
    blend = next(model for model in report.models if model.name == "blend")
    best = next(model for model in report.models if model.name != "blend")
    weights = blend.params["weights"]
    assert set(weights) == KINDS.keys() - {"popularity", "blend"}
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert blend.fit_seconds >= sum(model.fit_seconds for model in report.models if model.name in weights)
    assert blend.metrics["ndcg"].value > best.metrics["ndcg"].value - 0.05


def test_a_blend_named_alone_brings_its_members() -> None:
    alone = run(blocks(), {"blend": KINDS["blend"]})
    assert {model.name for model in alone.models} == {"blend", *KINDS["blend"].blends}


def test_a_blend_of_nothing_is_named_as_failed() -> None:
    report = run(blocks(), {"popularity": KINDS["popularity"], "blend": KINDS["blend"]})
    assert "0 members could be fitted" in report.failed["blend"]


@pytest.mark.parametrize("with_validation", [True, False])
def test_a_blend_uses_choices_and_fits_again(with_validation: bool) -> None:
    seen: list[csr_matrix] = []

    @dataclass(frozen=True, slots=True)
    class Counted:
        shrinkage: float = 1.0

        def fit(self, interactions: csr_matrix, step):
            seen.append(interactions)
            return ItemKnn(self.shrinkage).fit(interactions, step)

    split = blocks() if with_validation else replace(blocks(), validation=None)
    kinds = {"counted": AlgorithmKind(Counted, 0, {}), "blend": KINDS["blend"]}
    report = run(split, kinds, journals=None)
    assert {model.name for model in report.models} == {"counted", "blend"}
    assert seen[0] is split.train
    assert [part.nnz < split.train.nnz for part in seen[1:]] == ([] if with_validation else [True])


def test_the_report_is_json(report: Report) -> None:
    figures = json.loads(json.dumps(report.to_json("blocks")))
    assert [model["name"] for model in figures["models"]] == [model.name for model in report.models]
    assert figures["models"][0]["metrics"]["ndcg"]["split"] == "blocks"
    assert figures["tests_on_ndcg"][0]["p_holm"] < 1e-6
    assert "users" not in figures["models"][0]


@dataclass(frozen=True, slots=True)
class Spy:
    """Keeps every matrix that it is fitted on."""

    seen: list
    x: int = 0
    model = None

    def fit(self, interactions: csr_matrix, step) -> Spy:
        self.seen.append(interactions.copy())
        return self

    def scores(self, histories: csr_matrix) -> np.ndarray:
        return np.zeros(histories.shape, np.float32)


@pytest.mark.parametrize("with_validation", [True, False])
def test_settings_are_chosen_without_a_look_at_the_test(with_validation: bool) -> None:
    seen: list[csr_matrix] = []
    split = blocks() if with_validation else replace(blocks(), validation=None)

    class Spied(AlgorithmKind):
        def resolve(self, params):
            return {"x": 0} | params

    run(split, {"spy": Spied(lambda **params: Spy(seen, **params), 0, {})}, budget_s=1e-9)
    assert len(seen) == 1, "nothing can be chosen: it is fitted once"
    run(split, {"spy": Spied(lambda **params: Spy(seen, **params), 0, {"x": Choice((1, 2))})}, budget_s=1e-9)
    trial, final = seen[1:]
    assert (final != split.train).nnz == 0
    assert trial.multiply(split.test).nnz == 0
    assert (trial.nnz == final.nnz) == with_validation
    assert ((trial - trial.multiply(final > 0)) != 0).nnz == 0


def test_a_journal_of_other_data_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "item-knn.jsonl").write_text('{"model": "item-knn", "data": "other"}\n')
    with pytest.raises(InvalidInputError, match="other data"):
        run(blocks(), {"item-knn": KINDS["item-knn"]}, journals=tmp_path)


def test_weights_change_the_training_part_alone() -> None:
    split = replace(blocks(), train=csr_matrix(np.array([[0, 4, 1]], np.float32)))
    weighed = {how: split.weigh(how) for how in Weighting}
    assert weighed[Weighting.BINARY].train.toarray().tolist() == [[0, 1, 1]]
    assert weighed[Weighting.RAW].train.toarray().tolist() == [[0, 4, 1]]
    assert weighed[Weighting.LOG].train.toarray()[0] == pytest.approx(np.log([1, 5, 2]))
    assert weighed[Weighting.RELATIVE].train.toarray()[0] == pytest.approx(np.array([0, 2, 1]) / 1.5)
    assert weighed[Weighting.DISCOUNTED].train.toarray()[0] == pytest.approx(np.array([0, 2, 1]) / 1.5)
    assert weighed[Weighting.BINARY].test is split.test


def test_what_many_have_is_discounted() -> None:
    train = csr_matrix(np.array([[4, 1, 0], [9, 0, 0], [0, 0, 0]], np.float32))
    row = replace(blocks(), train=train).weigh(Weighting.DISCOUNTED).train.toarray()
    expected = np.array([2 / 2**0.2, 1])
    assert row[0, :2] == pytest.approx(expected / expected.mean())
    assert row[1:].tolist() == [[1, 0, 0], [0, 0, 0]]


PEAK = """
import numpy as np
from training.measure.footprint import peak_bytes, reset_peak
reset_peak()
before = peak_bytes()
big = np.ones(60 * 2**17)
after = peak_bytes()
size = big.nbytes
del big
reset_peak()
print(size, before, after, peak_bytes())
"""


def test_the_peak_is_that_since_the_reset() -> None:
    # In a process of its own: a large one gives memory back, or has it taken away, while this looks.
    run = subprocess.run([sys.executable, "-c", PEAK], cwd=ROOT, capture_output=True, text=True, check=True)
    size, before, after, reset = map(int, run.stdout.split())
    assert 0.9 * size <= after - before <= 3 * size
    assert reset < after - 30 * 2**20


def test_size_counts_every_array() -> None:
    table = InteractionTable(np.arange(3), np.arange(3), np.ones(3, np.float32), None)
    assert size_bytes(table) == 3 * 8 + 3 * 8 + 3 * 4
    assert size_bytes(csr_matrix(np.eye(2, dtype=np.float32))) == 2 * 4 + 2 * 4 + 3 * 4
    assert size_bytes("text") == 0
