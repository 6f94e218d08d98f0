"""One suite that every recommender passes, on a checkerboard whose right answer is known.

Even listeners play even items and odd ones odd items, each all but one: the one left out is the answer.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.history import History, build_history
from segue.domain.model.popularity.popularity import Popularity, popularity_scores
from segue.domain.recommend.blend import Blend, Personal
from segue.domain.vector.top_n import top_n
from tests.one_history import blend_reasons, blend_scores, personal_reasons, personal_scores
from training.algorithm.blend import BlendRecommender
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.graph_filter import GraphFilter
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import Ease, ItemKnn, LinkPropagation, Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.algorithm.collaborative.sparse_ease import SparseEase
from training.algorithm.popularity.plays import PopularityRecommender
from training.algorithm.scorer import read_histories

N_USERS, N_PLAYED = 60, 20
NEVER_PLAYED = N_PLAYED
N_ITEMS = N_PLAYED + 1
PERSONAL = {
    "als": AlsRecommender(n_factors=4),
    "ials": IalsRecommender(n_factors=4, n_sweeps=8),
    "ials, in blocks": IalsRecommender(n_factors=6, n_sweeps=8, block_size=4, ridge=2, alpha=2),
    "rp3beta": Rp3Beta(),
    "link-propagation": LinkPropagation(),
    "item-knn": ItemKnn(),
    "ease": Ease(regularization=1),
    "ease, by popularity": Ease(regularization=1, frequency_exponent=0.5),
    "sparse-ease": SparseEase(regularization=1, n_neighbours=12),
    "graph-filter": GraphFilter(),
    "nmf": NmfRecommender(n_factors=2),
    "blend": BlendRecommender((ItemKnn(), IalsRecommender(n_factors=4, n_sweeps=8)), k=3),
}
EVERY = PERSONAL | {"popularity": PopularityRecommender()}


def checkerboard() -> csr_matrix:
    """Float32 (N_USERS, N_ITEMS); nobody plays the last item."""
    user, item = np.indices((N_USERS, N_ITEMS))
    plays = ((user % 2 == item % 2) & (item != left_out(user)) & (item != NEVER_PLAYED)).astype(np.float32)
    return csr_matrix(plays)


def left_out(user):
    return user % N_PLAYED


@pytest.mark.parametrize("shape", [(3, 40), (40, 3), (1, 1)])
@pytest.mark.parametrize("name", [name for name in PERSONAL if name not in {"blend", "ials, in blocks"}])
def test_the_defaults_fit_the_smallest_data(name: str, shape: tuple[int, int]) -> None:
    interactions = csr_matrix(np.ones(shape, np.float32))
    scorer = type(EVERY[name])().fit(interactions, lambda _: None)
    assert np.isfinite(scorer.scores(interactions)).all()


@pytest.fixture(scope="module", params=EVERY)
def fitted(request: pytest.FixtureRequest):
    return EVERY[request.param], EVERY[request.param].fit(checkerboard(), lambda _: None)


@pytest.fixture
def scorer(fitted):
    return fitted[1]


@pytest.fixture(scope="module", params=PERSONAL)
def personal(request: pytest.FixtureRequest):
    return PERSONAL[request.param].fit(checkerboard(), lambda _: None)


def score_one(model: Personal | Blend | Popularity, history: History) -> np.ndarray:
    """Score as a function serves."""
    if isinstance(model, Popularity):
        return popularity_scores(model)
    return blend_scores(model, history) if isinstance(model, Blend) else personal_scores(model, history)


def reasons_of(model: Personal | Blend, history: History, item: int) -> np.ndarray:
    reasons = blend_reasons if isinstance(model, Blend) else personal_reasons
    return reasons(model, history, item)


def liking(*items: int, weight: float = 1) -> csr_matrix:
    row = np.zeros((1, N_ITEMS), np.float32)
    row[0, list(items)] = weight
    return csr_matrix(row)


def test_the_item_left_out_comes_first(personal) -> None:
    board = checkerboard()
    for user, scores in enumerate(personal.scores(board)):
        assert top_n(scores, 1, exclude=board[user].indices).tolist() == [left_out(user)]


def test_a_stranger_gets_the_colour_they_like(personal) -> None:
    scores = personal.scores(liking(1, 5, 9))[0]
    assert set(top_n(scores, 7, exclude=np.array([1, 5, 9], np.int32)).tolist()) == {3, 7, 11, 13, 15, 17, 19}


def test_popularity_counts_listeners_not_plays() -> None:
    board = checkerboard().tolil()
    board[0, 2] = 1000
    board[1, 2] = board[3, 2] = 1
    scores = PopularityRecommender().fit(csr_matrix(board), lambda _: None).scores(liking(1))
    assert scores[0, [1, 2, 4, NEVER_PLAYED]].tolist() == [27, 29, 27, 0]


def test_seen_items_are_never_among_the_best(scorer) -> None:
    board = checkerboard()
    for user, scores in enumerate(scorer.scores(board)):
        best = top_n(scores, N_ITEMS, exclude=board[user].indices)
        assert sorted([*best, *board[user].indices]) == list(range(N_ITEMS))


def test_a_batch_is_the_domain_one_by_one(scorer) -> None:
    board = checkerboard()
    batch = scorer.scores(board)
    assert batch.dtype == np.float32
    assert batch.shape == (N_USERS, N_ITEMS)
    one_by_one = np.array([score_one(scorer.model, history) for history in read_histories(board)])
    assert batch == pytest.approx(one_by_one, abs=1e-5 * float(np.abs(batch).max()))
    assert scorer.scores(board[3:4]) == pytest.approx(batch[3:4], abs=1e-5 * float(np.abs(batch).max()))


def test_the_same_settings_give_the_same_model(fitted) -> None:
    recommender, scorer = fitted
    again = recommender.fit(checkerboard(), lambda _: None)
    # The solver of ials adds up what its threads bring in the order that they come.
    tolerance = 1e-4 if isinstance(recommender, IalsRecommender | BlendRecommender) else 0
    np.testing.assert_allclose(
        again.scores(checkerboard()), scorer.scores(checkerboard()), rtol=tolerance, atol=tolerance
    )


def test_fitting_changes_neither_data_nor_settings_and_says_what_it_does(fitted) -> None:
    recommender, _ = fitted
    board, said = checkerboard(), []
    before = (board.data.copy(), repr(recommender))
    recommender.fit(board, said.append)
    assert (board.data == before[0]).all()
    assert repr(recommender) == before[1]
    assert said
    assert all(said)


def test_the_order_of_a_history_changes_nothing(scorer) -> None:
    items, weights = np.array([4, 0, 10, 6], np.int32), np.array([1, 2, 1, 3], np.float32)
    straight, shuffled = (
        csr_matrix((weights[order], items[order], [0, 4]), shape=(1, N_ITEMS))
        for order in ([0, 1, 2, 3], [2, 0, 3, 1])
    )
    assert (scorer.scores(straight) == scorer.scores(shuffled)).all()
    assert shuffled.indices.tolist() == [10, 4, 6, 0], "the caller's matrix is left as it is"


def test_items_that_nobody_played_are_no_trouble(scorer) -> None:
    for histories in (
        liking(NEVER_PLAYED),
        liking(0, NEVER_PLAYED),
        csr_matrix((1, N_ITEMS), dtype=np.float32),
    ):
        scores = scorer.scores(histories)
        assert scores.shape == (1, N_ITEMS)
        assert np.isfinite(scores).all()
        assert scores[0, NEVER_PLAYED] <= scores[0].max()


def test_nobody_known_means_nothing_to_say(personal) -> None:
    assert not personal.scores(csr_matrix((2, N_ITEMS), dtype=np.float32)).any()


def test_ids_that_the_model_does_not_know_change_nothing(personal) -> None:
    vocabulary = build_vocabulary(f"track {row:02}" for row in range(N_ITEMS))
    known = build_history(vocabulary, ["track 04", "track 08"], [1, 2])
    mixed = build_history(vocabulary, ["nobody", "track 04", "track 08", "nothing"], [9, 1, 2, 9])
    assert mixed.n_unknown == 2
    assert (score_one(personal.model, known) == score_one(personal.model, mixed)).all()


def test_reasons_sum_to_the_score(personal) -> None:
    histories = liking(0, 2, 6, weight=2)
    scores = personal.scores(histories)[0]
    (history,) = read_histories(histories)
    for item in (4, 3):
        assert reasons_of(personal.model, history, item).sum() == pytest.approx(float(scores[item]), abs=1e-5)
