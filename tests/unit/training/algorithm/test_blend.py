"""Weights are learnt on what no member saw; a blend is at least as good as its members there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.recommend.blend import Unit
from segue.errors import NotEnoughDataError
from training.algorithm.blend import BlendRecommender, build_blend, learn_weights
from training.algorithm.collaborative.linear import ItemKnn
from training.measure.metric import accuracy_of_users
from training.measure.order import rank_catalogue

N_USERS, N_ITEMS, K = 300, 40, 5
RNG = np.random.default_rng(8)
ONE, OTHER, TRUTH = RNG.normal(size=(3, N_USERS, N_ITEMS))
USERS = np.arange(N_USERS)
NOTHING_SEEN = csr_matrix((N_USERS, N_ITEMS), dtype=np.float32)
NO_WEIGHTS = ItemSimilarity(np.zeros(N_ITEMS + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Saying:
    """Says what it was given, user by user; a history names its user by the weight of item 0."""

    said: np.ndarray
    model = NO_WEIGHTS

    def scores(self, histories: csr_matrix) -> np.ndarray:
        user = histories[:, [0]].toarray().ravel().astype(int) - 1
        return self.said[user].astype(np.float32)


def names() -> csr_matrix:
    return csr_matrix((USERS + 1.0, (USERS, np.zeros(N_USERS, int))), (N_USERS, N_ITEMS), dtype=np.float32)


def best_items(scores: np.ndarray) -> csr_matrix:
    """Return the four best of each user, never item 0, which is seen."""
    row = np.zeros((N_USERS, N_ITEMS), np.float32)
    np.put_along_axis(row, 1 + np.argsort(-scores[:, 1:], axis=1)[:, :4], 1, axis=1)
    return csr_matrix(row)


def ndcg(scorer, relevant: csr_matrix) -> float:
    return float(accuracy_of_users(rank_catalogue(scorer, names(), USERS, K), relevant)["ndcg"].mean())


def learn(*said: np.ndarray, relevant: csr_matrix) -> tuple[np.ndarray, Unit]:
    return learn_weights([Saying(each) for each in said], names(), relevant, USERS, K)


def test_the_true_mixture_is_found_whatever_the_scale() -> None:
    relevant = best_items(0.7 * ONE + 0.3 * OTHER)
    weights, unit = learn(1e4 * ONE, 1e-3 * OTHER, TRUTH, relevant=relevant)
    assert weights.sum() == pytest.approx(1)
    assert weights == pytest.approx([0.7, 0.3, 0], abs=0.08)
    assert weights[2] == 0
    mixed = build_blend([Saying(1e4 * ONE), Saying(1e-3 * OTHER), Saying(TRUTH)], weights, unit)
    assert ndcg(mixed, relevant) > 0.95
    assert ndcg(Saying(ONE), relevant) < 0.9


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_weights_are_those_that_the_choices_were_drawn_by(order: tuple[int, ...]) -> None:
    """With Gumbel noise added, the best are drawn by exp(score), as the logit assumes (McFadden 1974)."""
    true = np.array([1.5, 0.75, 0])[list(order)]
    said = [(ONE, OTHER, TRUTH)[place] for place in order]
    score = sum(weight * each for weight, each in zip(true, said, strict=True))
    weights, _ = learn(*said, relevant=best_items(score + RNG.gumbel(size=score.shape)))
    assert weights == pytest.approx(true / true.sum(), abs=0.06)


def test_members_count_alike_until_other_weights_are_surely_better() -> None:
    """In a member's unit, which is its deviation over items 1 …, both count alike; then the second thrice."""
    one, other = (each / each[:, 1:].std(axis=1, keepdims=True) for each in (ONE, OTHER))
    assert learn(ONE, OTHER, relevant=best_items(one + other))[0].tolist() == [0.5, 0.5]
    assert learn(ONE, OTHER, relevant=best_items(one + 3 * other))[0] == pytest.approx([0.25, 0.75], abs=0.05)


def test_what_no_member_proposes_says_nothing() -> None:
    best = np.zeros((N_USERS, N_ITEMS))
    best[:, -1] = 1
    last = csr_matrix(best)
    said = np.where(best > 0, -9.0, ONE)
    weights, _ = learn_weights([Saying(said), Saying(said)], names(), last, USERS, 1)
    assert weights.sum() == pytest.approx(1)


def test_no_member_alone_is_better_on_that_part() -> None:
    relevant = best_items(ONE)
    weights, unit = learn(TRUTH, ONE, OTHER, relevant=relevant)
    assert weights.tolist() == [0, 1, 0]
    mixed = build_blend([Saying(ONE)], np.ones(1), unit)
    assert ndcg(mixed, relevant) == ndcg(Saying(ONE), relevant) == 1


def test_a_small_part_is_kept_of_what_helps_where_likelihood_would_count_it_alike(monkeypatch) -> None:
    """From even weights the blend steps towards the better member, and stops where the other still helps."""
    one, other = (each / each[:, 1:].std(axis=1, keepdims=True) for each in (ONE, OTHER))
    relevant = best_items(one + 0.15 * other)
    monkeypatch.setattr("training.algorithm.blend._most_likely", lambda *_: np.array([0.5, 0.5]))
    weights, unit = learn(ONE, OTHER, relevant=relevant)
    assert 0.03 < weights[1] < 0.25
    mixed = build_blend([Saying(ONE), Saying(OTHER)], weights, unit)
    assert ndcg(mixed, relevant) > ndcg(Saying(ONE), relevant)


@pytest.mark.parametrize(("unit", "measure"), [(Unit.DEVIATION, np.std), (Unit.GREATEST, np.max)])
def test_the_unit_is_the_one_that_the_truth_has(unit: Unit, measure) -> None:
    """With some far outliers a member's greatest score says little of its deviation."""
    wild = ONE**5
    mixed = sum(each / measure(each[:, 1:], axis=1, keepdims=True) for each in (wild, OTHER))
    assert learn(wild, OTHER, relevant=best_items(mixed))[1] is unit


@pytest.mark.parametrize("n", [1, N_USERS])
def test_batches_change_nothing(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    relevant = best_items(ONE + OTHER)
    monkeypatch.setattr("training.algorithm.blend._BATCH_BYTES", 4 * N_ITEMS * n)
    weights, unit = learn(ONE, OTHER, TRUTH, relevant=relevant)
    assert weights == pytest.approx([0.5, 0.5, 0], abs=0.12)
    assert unit in Unit


def blocks() -> csr_matrix:
    user, item = np.indices((N_USERS, N_ITEMS))
    return csr_matrix(((user % 4 == item % 4) & (RNG.random(user.shape) < 0.7)).astype(np.float32))


def test_members_learn_without_the_held_out_part_and_then_with_it() -> None:
    seen: list[csr_matrix] = []

    @dataclass(frozen=True, slots=True)
    class Spy:
        inner: ItemKnn

        def fit(self, interactions: csr_matrix, step):
            seen.append(interactions.copy())
            return self.inner.fit(interactions, step)

    plays, said = blocks(), []
    recommender = BlendRecommender((Spy(ItemKnn()), Spy(ItemKnn(n_neighbours=1))), k=3)
    scorer = recommender.fit(plays, said.append)
    held, other, *_, whole = seen
    assert (held != other).nnz == 0
    assert len(seen) == 2 + len(scorer.members) == 2 + np.count_nonzero(scorer.model.weights)
    assert held.nnz < plays.nnz
    assert (held - held.multiply(plays)).nnz == 0
    assert (whole != plays).nnz == 0
    assert scorer.model.weights.sum() == pytest.approx(1)
    assert "blend: learning the weights" in said


def test_too_little_to_hold_out_is_said() -> None:
    with pytest.raises(NotEnoughDataError, match="use one member"):
        BlendRecommender((ItemKnn(),)).fit(csr_matrix(np.eye(3, 4, dtype=np.float32)), lambda _: None)
