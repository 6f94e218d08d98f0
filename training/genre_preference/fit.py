"""Fit the genre preference: a forest of pairs of customer and genre, its export to ONNX, who answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.ensemble import RandomForestClassifier

from segue.domain.genre_preference.features import (
    DRIFT_HALF_LIVES,
    pair_features,
    recent_shares,
    sum_by_genre,
)
from segue.domain.genre_preference.preference import (
    Answerer,
    GenrePreference,
    PairForest,
    normalised,
    predict_genres,
)
from segue.errors import NotEnoughDataError, ParityError
from training.genre_preference.evaluation import Evaluation, evaluate
from training.genre_preference.policy import choose_answerer
from training.release.finite import check_finite

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.genre_preference.preference import Classifier
    from training.genre_preference.examples import CustomerSplit, Examples
    from training.genre_preference.trainer import ForestParams
    from training.release.gate import Verdict

MAX_PARITY_ERROR = 1e-5

MAX_CUSTOMERS = 10_000
"""Maximum number of customers of a cut, drawn at random. More need memory and improve the forest little."""

NEVER_BOUGHT = 5
"""Number of genres, drawn at random, that a customer never bought and that the forest learns from."""

FOLDS = 5
"""Number of parts of the customers. A customer's drift, and the exponent that calibrates their probability,
are fitted on the other parts."""

_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class FittedForest:
    """A forest as scikit-learn and as ONNX know it, and how far the two differ."""

    sklearn: RandomForestClassifier
    onnx: bytes
    served: PairForest
    parity_error: float


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, ready to publish."""

    model: GenrePreference
    forest: FittedForest
    evaluation: Evaluation
    verdict: Verdict[Answerer]


def fit_genre_preference(
    split: CustomerSplit, params: ForestParams, open_classifier: Callable[[bytes], Classifier]
) -> Trained:
    """Fit on the training's cuts, measure on the later test, and let the gate choose who answers.

    The measured model is the one returned: it is not fitted again with the test's customers, so the
    figures in the manifest are those of the file next to the manifest.

    Raises
    ------
    NotEnoughDataError
        All training customers have the same favourite.
    ParityError
        The ONNX export answers otherwise than scikit-learn does.
    """
    genres, label = split.test.history.genres, split.label
    if len(np.unique(label)) < 2:
        raise NotEnoughDataError(
            f"all {len(label)} training examples prefer {genres[label[0]]!r}: nothing to tell apart."
        )
    fitted = fit_forest(split, params, open_classifier)
    share = np.bincount(split.latest.label, minlength=len(genres)) / len(split.latest)
    model = GenrePreference(genres, share, Answerer.FOREST, fitted.served)
    sharpness, stated = calibrate(model, fitted.served, split.test)
    served = replace(fitted.served, sharpness=sharpness)
    fitted, model = replace(fitted, served=served), replace(model, forest=served)
    evaluation = evaluate(model, served, stated, split.test, params.seed)
    verdict = choose_answerer(evaluation.accuracy, evaluation.p_value, evaluation.macro_f1_gain)
    return Trained(replace(model, answerer=verdict.choice), fitted, evaluation, verdict)


def fit_forest(
    split: CustomerSplit,
    params: ForestParams,
    open_classifier: Callable[[bytes], Classifier],
) -> FittedForest:
    """Fit the forest on the training examples; `calibrate` fits its sharpness.

    Raises
    ------
    ParityError
        The ONNX export answers otherwise than scikit-learn does.
    """
    train = tuple(_drawn(examples, params.seed) for examples in split.train)
    forest, drift = _fit_pairs(train, params)
    genres = train[0].history.genres
    exported = _export_onnx(forest)
    served = PairForest(genres, drift, 1.0, open_classifier(exported))
    features = served.features(train[-1].history)
    parity = _measure_parity(forest, served.classifier, features.reshape(-1, features.shape[2]), params.seed)
    return FittedForest(forest, exported, served, parity)


def _fit_pairs(
    train: tuple[Examples, ...], params: ForestParams
) -> tuple[RandomForestClassifier, NDArray[np.float64]]:
    """Fit the forest and the drift matrix (2, n_genres, n_genres) on all examples."""
    n_genres = len(train[0].history.genres)
    label = np.concatenate([examples.label for examples in train])
    favourites = np.bincount(label, minlength=n_genres)
    rarity = (favourites.max() / np.maximum(favourites, 1)) ** params.rare_weight
    fold_drift = [_fit_drift(train, params.drift_ridge, fold) for fold in range(FOLDS)]
    rng = np.random.default_rng(params.seed)
    features, answer, weight = [], [], []
    for examples in train:
        folds = examples.history.customers % FOLDS
        for fold in np.unique(folds):
            history = examples.history.of_customers(examples.history.customers[folds == fold])
            is_next = np.arange(n_genres) == examples.label[folds == fold][:, None]
            shown, counts = _shown_pairs(sum_by_genre(history, history.quantity) > 0, is_next, rng)
            features.append(pair_features(history, fold_drift[fold])[shown])
            answer.append(is_next[shown])
            weight.append((counts * rarity[examples.label[folds == fold]][:, None])[shown])
    rows = np.vstack(features)
    check_finite(rows, "purchases", "features")
    forest = RandomForestClassifier(
        n_estimators=params.n_estimators,
        min_samples_leaf=params.min_samples_leaf,
        max_leaf_nodes=params.max_leaf_nodes,
        max_samples=params.max_samples,
        random_state=params.seed,
        n_jobs=-1,
    ).fit(rows, np.concatenate(answer), np.concatenate(weight))
    return forest, _fit_drift(train, params.drift_ridge, without_fold=None)


def _shown_pairs(
    bought: NDArray[np.bool_], is_next: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose all genres that a customer bought or buys next, and a few others that count for all others."""
    chosen = bought | is_next
    lot = np.where(chosen, 2.0, rng.random(chosen.shape))
    drawn = (lot.argsort(axis=1).argsort(axis=1) < NEVER_BOUGHT) & ~chosen
    others = (~chosen).sum(axis=1, keepdims=True)
    return chosen | drawn, np.where(drawn, others / np.maximum(drawn.sum(axis=1, keepdims=True), 1), 1.0)


def _fit_drift(train: tuple[Examples, ...], ridge: float, without_fold: int | None) -> NDArray[np.float64]:
    """Regress the next favourite on the shares, by ridge regression towards "nothing changes"."""
    n_genres = len(train[0].history.genres)
    shares, labels = [], []
    for examples in train:
        kept = examples.history.customers % FOLDS != (-1 if without_fold is None else without_fold)
        shares.append(np.hstack(list(recent_shares(examples.history, *DRIFT_HALF_LIVES)[:, kept])))
        labels.append(examples.label[kept])
    past, following = np.vstack(shares), np.eye(n_genres)[np.concatenate(labels)]
    stay = np.vstack([np.eye(n_genres) / len(DRIFT_HALF_LIVES)] * len(DRIFT_HALF_LIVES))
    gram = past.T @ past + ridge * np.eye(past.shape[1])
    drift: NDArray[np.float64] = np.linalg.solve(gram, past.T @ following + ridge * stay)
    return drift.reshape(len(DRIFT_HALF_LIVES), n_genres, n_genres)


def _drawn(examples: Examples, seed: int) -> Examples:
    if len(examples) <= MAX_CUSTOMERS:
        return examples
    keep = np.zeros(len(examples), np.bool_)
    keep[np.random.default_rng(seed).permutation(len(examples))[:MAX_CUSTOMERS]] = True
    return examples.of_customers(keep)


def _export_onnx(forest: RandomForestClassifier) -> bytes:
    """Convert to ONNX: input float32 (n, n_features), outputs label and ``probabilities``."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    forest.n_jobs = 1
    graph = to_onnx(
        forest,
        initial_types=[("features", FloatTensorType([None, forest.n_features_in_]))],
        options={id(forest): {"zipmap": False}},
    )
    # skl2onnx writes a weight for every class in every leaf: without the zeros the file is smaller, opens
    # and answers faster, and says the same.
    (trees,) = (node for node in graph.graph.node if node.op_type == "TreeEnsembleClassifier")
    columns = {attribute.name: attribute for attribute in trees.attribute}
    keep = np.flatnonzero(columns["class_weights"].floats)
    for name in ("class_weights", "class_ids", "class_nodeids", "class_treeids"):
        column = columns[name].floats if name == "class_weights" else columns[name].ints
        kept = np.asarray(column)[keep].tolist()
        del column[:]
        column.extend(kept)
    exported: bytes = graph.SerializeToString()
    return exported


def _measure_parity(
    forest: RandomForestClassifier, classifier: Classifier, features: NDArray[np.float32], seed: int
) -> float:
    """Return max |Δp| between scikit-learn and ONNX, on the data and on rows mixed from its columns.

    Raises
    ------
    ParityError
        It is not below ``MAX_PARITY_ERROR``.
    """
    rng = np.random.default_rng(seed)
    mixed = np.column_stack([rng.permutation(column) for column in features.T])
    rows = np.vstack([features, mixed])
    difference = float(np.abs(forest.predict_proba(rows) - classifier.probabilities(rows)).max())
    if not difference < MAX_PARITY_ERROR:
        raise ParityError(
            f"the ONNX forest differs from scikit-learn's by {difference:.2g} in some probability, "
            f"allowed is {MAX_PARITY_ERROR:g}: nothing was published."
        )
    return difference


def calibrate(
    model: GenrePreference, forest: PairForest, examples: Examples
) -> tuple[float, NDArray[np.float64]]:
    """Fit the exponent of a forest's probabilities on customers that the forest has not seen.

    An exponent keeps the order of a customer's genres, so it changes no answer, and no other figure of these
    customers. Earlier customers cannot be used: tastes become surer in a store's life.

    Returns
    -------
    sharpness : float
        The exponent, fitted on all customers.
    stated : float64 (n,)
        Probability of the answer to each customer, by the exponent of the other `FOLDS`.
    """
    raw = replace(forest, sharpness=1.0).probabilities(examples.history)[1]
    right = raw.argmax(axis=1) == examples.label
    stated, fold = np.empty(len(examples)), np.arange(len(examples)) % FOLDS
    for each in np.unique(fold):
        held_out = fold == each
        sharpness = _fit_sharpness(raw[~held_out], right[~held_out])
        known = replace(model, forest=replace(forest, sharpness=sharpness))
        answers = predict_genres(known, examples.of_customers(held_out).history)
        stated[held_out] = answers.probabilities.max(axis=1)
    return _fit_sharpness(raw, right), stated


def _fit_sharpness(raw: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the exponent, between 1/e and e, under which being right as often as it was is likeliest."""

    def loss(level: float) -> float:
        stated = normalised(raw, float(np.exp(level))).max(axis=1).clip(_FLOOR, 1 - _FLOOR)
        return -float(np.log(np.where(right, stated, 1 - stated)).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.0, 1.0), method="bounded").x))
