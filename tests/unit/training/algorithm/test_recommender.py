"""Each fitted model beside its equations, and beside the package it comes from."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from segue.domain.model.collaborative.item_factors import explain, fold_in
from segue.errors import InvalidInputError, NotEnoughDataError, TrainingError
from training.algorithm.collaborative import graph_filter, ials, linear
from training.algorithm.collaborative.als import AlsRecommender
from training.algorithm.collaborative.graph_filter import GraphFilter
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import Ease, ItemKnn, LinkPropagation, Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.algorithm.collaborative.sparse_ease import SparseEase
from training.algorithm.scorer import read_histories

N_USERS, N_ITEMS = 80, 30
RNG = np.random.default_rng(3)
PLAYS = csr_matrix(
    ((RNG.random((N_USERS, N_ITEMS)) < 0.3) * RNG.integers(1, 5, (N_USERS, N_ITEMS))).astype(np.float32)
)
DENSE = PLAYS.toarray().astype(np.float64)


@pytest.fixture(autouse=True)
def _several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_CHUNK", 7)
    monkeypatch.setattr(graph_filter, "_ROWS", 7)


def quiet(_: str) -> None:
    pass


def dense(scorer) -> np.ndarray:
    return scorer.scores(csr_matrix(np.eye(N_ITEMS, dtype=np.float32)))


def strongest(weights: np.ndarray, n: int) -> np.ndarray:
    """Return the greatest ``n`` entries of each row, by a full sort; the diagonal is none."""
    kept = weights.copy()
    np.fill_diagonal(kept, 0)
    for row in kept:
        row[np.argsort(-np.abs(row), kind="stable")[n:]] = 0
    return kept


@pytest.mark.parametrize("model", [Ease(regularization=-1000.0), SparseEase(regularization=-1000.0)])
def test_a_singular_system_is_a_failed_fit_and_no_lack_of_data(model: Ease | SparseEase) -> None:
    with pytest.raises(TrainingError, match=r"λ = -1000\.0 leaves .*EASE singular: raise") as failed:
        model.fit(PLAYS, quiet)
    assert not isinstance(failed.value, NotEnoughDataError)


@pytest.mark.parametrize("n_neighbours", [4, N_ITEMS])
def test_rp3beta_is_the_walk(n_neighbours: int) -> None:
    to_item = (DENSE / DENSE.sum(axis=1, keepdims=True)) ** 0.8
    to_user = (DENSE.T / DENSE.T.sum(axis=1, keepdims=True)) ** 0.8
    expected = strongest((to_user @ to_item) / DENSE.sum(axis=0) ** 0.3, n_neighbours)
    found = dense(Rp3Beta(0.8, 0.3, n_neighbours).fit(PLAYS, quiet))
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("n_neighbours", [4, N_ITEMS])
def test_link_propagation_holds_back_all_three_nodes(n_neighbours: int) -> None:
    of_item, of_user = DENSE.sum(axis=0), DENSE.sum(axis=1)
    walk = (DENSE.T / of_item[:, None] ** 0.4) @ (DENSE / of_user[:, None] ** 0.7 / of_item**0.2)
    found = dense(LinkPropagation(0.4, 0.7, 0.2, n_neighbours).fit(PLAYS, quiet))
    assert found == pytest.approx(strongest(walk, n_neighbours), rel=1e-5)


@pytest.mark.parametrize("n_neighbours", [4, N_ITEMS])
def test_item_knn_is_the_shrunk_cosine(n_neighbours: int) -> None:
    norm = np.linalg.norm(DENSE, axis=0)
    expected = strongest(DENSE.T @ DENSE / (np.outer(norm, norm) + 5), n_neighbours)
    found = dense(ItemKnn(5, n_neighbours).fit(PLAYS, quiet))
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("n_neighbours", [4, N_ITEMS])
def test_ease_is_the_constrained_least_squares(n_neighbours: int) -> None:
    found = dense(Ease(20, 0.0, n_neighbours).fit(PLAYS, quiet))
    assert found == pytest.approx(strongest(regressions(), n_neighbours), abs=1e-5)


def test_ease_regularises_by_popularity_and_on_average_alike() -> None:
    ridge = linear.item_ridge(PLAYS, 20, 0.5)
    assert ridge.mean() == pytest.approx(20)
    assert ridge / ridge[0] == pytest.approx(np.sqrt((DENSE > 0).sum(axis=0) / (DENSE[:, 0] > 0).sum()))
    found = dense(Ease(20, 0.5, N_ITEMS).fit(PLAYS, quiet))
    assert found == pytest.approx(regressions(ridge=ridge), abs=1e-5)


def regressions(ridge: np.ndarray | None = None, near: np.ndarray | None = None) -> np.ndarray:
    """Column j regresses item j on the others, or on those of ``near[j]``: solved here item by item."""
    weights = np.zeros((N_ITEMS, N_ITEMS))
    for item in range(N_ITEMS):
        others = np.delete(np.arange(N_ITEMS), item) if near is None else near[item]
        x = DENSE[:, others]
        by = np.full(N_ITEMS, 20) if ridge is None else ridge
        weights[others, item] = np.linalg.solve(x.T @ x + np.diag(by[others]), x.T @ DENSE[:, item])
    return weights


def test_sparse_ease_regresses_each_item_on_its_nearest() -> None:
    norm = np.linalg.norm(DENSE, axis=0)
    cosine = DENSE.T @ DENSE / np.outer(norm, norm)
    np.fill_diagonal(cosine, -1)
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :6]
    found = dense(SparseEase(20, 0.0, 6, shared=0).fit(PLAYS, quiet))
    assert found == pytest.approx(regressions(near=near), abs=1e-5)
    assert (found != 0).sum() == 6 * N_ITEMS


@pytest.mark.parametrize("shared", [0, 0.5, 0.99])
def test_sparse_ease_with_everything_near_is_ease(shared: float) -> None:
    found = dense(SparseEase(20, 0.5, N_ITEMS, shared).fit(PLAYS, quiet))
    assert found == pytest.approx(dense(Ease(20, 0.5, N_ITEMS).fit(PLAYS, quiet)), abs=1e-5)


@pytest.mark.parametrize("through", [0.4, 1])
def test_the_graph_filter_is_its_polynomial(through: float) -> None:
    root = np.sqrt(DENSE.sum(axis=0))
    blur = DENSE.T @ (DENSE / DENSE.sum(axis=1)[:, None] ** through) / np.outer(root, root)
    greatest = np.linalg.eigvalsh(blur)[-1]
    weights = root[:, None] ** 0.4 * (blur - 0.9 * blur @ blur / greatest) * root**0.6
    np.fill_diagonal(weights, 0)
    found = dense(GraphFilter(0.3, through, 0.2, 0.9, N_ITEMS).fit(PLAYS, quiet))
    assert found == pytest.approx(weights, abs=1e-5)
    few = dense(GraphFilter(0.3, through, 0.2, 0.9, 8).fit(PLAYS, quiet))
    greatest_in_size = np.argsort(-np.abs(weights), axis=1)[:, :8]
    assert (few.nonzero()[1].reshape(-1, 8) == np.sort(greatest_in_size, axis=1)).all()
    assert (weights < 0).any()


def test_a_filter_that_does_not_sharpen_is_link_propagation() -> None:
    blurred = GraphFilter(0.4, 0.7, 0.2, sharpening=0, n_neighbours=9).fit(PLAYS, quiet)
    walked = LinkPropagation(0.4, 0.7, 0.2, 9).fit(PLAYS, quiet)
    assert dense(blurred) == pytest.approx(dense(walked), rel=1e-4)


def test_nmf_keeps_the_parts_that_scikit_learn_finds() -> None:
    from sklearn.decomposition import NMF

    theirs = NMF(
        4, init="nndsvda", alpha_W=1e-3, l1_ratio=0, max_iter=1000, random_state=NmfRecommender().seed
    ).fit(PLAYS)
    scorer = NmfRecommender(n_factors=4, regularization=1e-3, n_sweeps=1000).fit(PLAYS, quiet)
    assert scorer.model.factors == pytest.approx(theirs.components_.T, abs=1e-5)
    assert scorer.model.regularization == pytest.approx(1e-3 * N_ITEMS)
    assert NmfRecommender(n_sweeps=1).fit(PLAYS, quiet).model.factors.shape == (N_ITEMS, 20)


def test_ease_refuses_what_would_not_fit_in_memory() -> None:
    with pytest.raises(InvalidInputError, match="use RP3beta"):
        Ease(max_items=N_ITEMS - 1).fit(PLAYS, quiet)


def test_als_folds_in_and_explains_as_implicit_does() -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    ours = AlsRecommender(n_factors=8, regularization=0.1, alpha=3, n_sweeps=4).fit(PLAYS, quiet)
    with threadpool_limits(1, "blas"):
        theirs = AlternatingLeastSquares(
            factors=8, regularization=0.1, alpha=3, iterations=4, random_state=AlsRecommender().seed
        )
        theirs.fit(PLAYS, show_progress=False)
        expected = theirs.recalculate_user(np.arange(N_USERS), PLAYS) @ theirs.item_factors.T
        assert ours.scores(PLAYS) == pytest.approx(expected, abs=1e-5)
        given = list(read_histories(PLAYS))[5]
        total, contributions, _ = theirs.explain(5, PLAYS, 3, N=len(given))
    shares = dict(
        zip(given.item_index.tolist(), explain(ours.model, given) @ ours.model.factors[3], strict=True)
    )
    assert shares == pytest.approx(dict(contributions), abs=1e-4)
    assert sum(shares.values()) == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("frequency_exponent", [0, 0.5, 1])
def test_ials_fit_is_a_minimum_for_users_and_items(frequency_exponent: float) -> None:
    """After many sweeps nobody's factors want to move: the gradient of eq. 5 is zero on both sides."""
    settings = IalsRecommender(
        n_factors=5, n_sweeps=300, ridge=2, frequency_exponent=frequency_exponent,
        unobserved_weight=0.2, alpha=1.5, block_size=2,
    )  # fmt: skip
    scorer = settings.fit(PLAYS, quiet)
    users, items = scorer.users(PLAYS).astype(np.float64), scorer.model.factors.astype(np.float64)
    weight = settings.alpha * DENSE
    error = weight * (users @ items.T - 1) + settings.unobserved_weight * (users @ items.T)
    n_listeners = (DENSE > 0).sum(axis=0)
    lam = scorer.model.objective.regularization
    ridge = lam * (n_listeners + settings.unobserved_weight * N_USERS) ** frequency_exponent
    gradient = error.T @ users + ridge[:, None] * items
    usual = (DENSE > 0).sum(axis=1).mean() + settings.unobserved_weight * N_ITEMS
    assert lam * usual**frequency_exponent == pytest.approx(settings.ridge)
    assert np.abs(gradient).max() < 1e-3 * np.abs(weight.T @ users).max()


def test_more_dimensions_than_items_are_no_trouble() -> None:
    scorer = IalsRecommender(n_factors=64, n_sweeps=2).fit(PLAYS, quiet)
    (history,) = read_histories(PLAYS[:1])
    assert np.isfinite(fold_in(scorer.model, history)).all()


def test_irspack_may_be_imported_before_or_after_its_solver() -> None:
    """Two copies of the extension in one process abort it."""
    IalsRecommender(n_factors=2, n_sweeps=1).fit(PLAYS, quiet)
    solver = ials._solver()
    assert sys.modules["irspack.recommenders._ials_core"] is solver
    ials._solver.cache_clear()
    assert ials._solver() is solver
