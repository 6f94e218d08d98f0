"""Fit the genre-preference forest, measure it beside its baselines, and export it to ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from segue.domain.genre_preference import (
    Answerer,
    GenrePreference,
    build_features,
    favourite_genre,
    feature_names,
    predict_genres,
)
from segue.errors import NotEnoughDataError, ParityError
from training.evaluation import Estimate, accuracy, better_than, macro_f1
from training.finite import check_finite
from training.gate import Verdict, choose_answerer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from onnx import ModelProto

    from segue.domain.genre_preference import Classifier
    from training.dataset import Examples

REPORT = ("precision", "recall", "f1-score", "support")
MAX_PARITY_ERROR = 1e-5
_IMPORTANCE_CUSTOMERS = 1000


@dataclass(frozen=True, slots=True)
class ForestParams:
    """Settings of the random forest (Breiman 2001).

    Out-of-bag accuracy on the sample store is within 0.01 of that of three times the trees and twice
    the leaves, at a seventh of the file, which a cold start reads: 2 MB.
    """

    n_estimators: int = 100
    min_samples_leaf: int = 5
    max_leaf_nodes: int = 64
    seed: int = 17


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured on the test customers; answers are rows of the store's genres.

    Attributes
    ----------
    accuracy, macro_f1 : dict of Answerer to Estimate
    p_value : dict of Answerer to float
        Of each baseline, see `training.evaluation.better_than`.
    per_genre : dict
        Precision, recall, F1 and number of customers of the forest, by genre.
    confusion : int64 (n_genres, n_genres)
        Rows are true genres, columns the forest's answers.
    stated_probability : float
        Mean probability that the forest gives its own answers; beside its accuracy it tells calibration.
    importance : dict of str to [mean, standard deviation]
        Loss of accuracy when one feature is permuted among test customers, greatest first.
    """

    accuracy: dict[Answerer, Estimate]
    macro_f1: dict[Answerer, Estimate]
    p_value: dict[Answerer, float]
    per_genre: dict[str, dict[str, float]]
    confusion: NDArray[np.int64]
    stated_probability: float
    importance: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, ready to publish."""

    model: GenrePreference
    forest_onnx: bytes
    parity_error: float
    evaluation: Evaluation
    verdict: Verdict[Answerer]


def fit_genre_preference(
    train: Examples, test: Examples, params: ForestParams, open_classifier: Callable[[bytes], Classifier]
) -> Trained:
    """Fit on ``train``, measure on the later ``test``, and let the gate choose who answers.

    The measured model is the one returned: it is not fitted again with the test's customers, so the
    figures in the manifest are those of the file beside it.

    Raises
    ------
    NotEnoughDataError
        All training customers have the same favourite.
    ParityError
        The ONNX export answers otherwise than scikit-learn does.
    """
    genres = train.history.genres
    if len(np.unique(train.label)) < 2:
        raise NotEnoughDataError(
            f"all {len(train)} training customers prefer {genres[train.label[0]]!r}: nothing to tell apart."
        )
    features = build_features(train.history, genres)
    check_finite(features, "purchases", "features")
    forest = RandomForestClassifier(
        n_estimators=params.n_estimators,
        min_samples_leaf=params.min_samples_leaf,
        max_leaf_nodes=params.max_leaf_nodes,
        random_state=params.seed,
        n_jobs=-1,
    ).fit(features, train.label)
    onnx = export_onnx(forest, features.shape[1])
    classifier = open_classifier(onnx)
    parity = measure_parity(
        forest, classifier, np.vstack([features, build_features(test.history, genres)]), params.seed
    )
    share = np.bincount(train.label, minlength=len(genres)) / len(train)
    names = tuple(genres[index] for index in forest.classes_)
    model = GenrePreference(genres, names, share, Answerer.FOREST, classifier)
    evaluation = _evaluate(model, forest, test, params.seed)
    verdict = choose_answerer(evaluation.accuracy, evaluation.p_value)
    served = GenrePreference(genres, names, share, verdict.choice, classifier)
    return Trained(served, onnx, parity, evaluation, verdict)


def answer_index(model: GenrePreference, examples: Examples) -> NDArray[np.int64]:
    """Answer for every customer, int64 (n,): rows of the store's genres, -2 for one it does not have."""
    row = {genre: index for index, genre in enumerate(examples.history.genres)}
    return np.array([row.get(name, -2) for name in predict_genres(model, examples.history)], np.int64)


def export_onnx(forest: RandomForestClassifier, n_features: int) -> bytes:
    """Convert to ONNX: input float32 (n, n_features), outputs label and ``probabilities``."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    forest.n_jobs = 1
    graph = to_onnx(
        forest,
        initial_types=[("features", FloatTensorType([None, n_features]))],
        options={id(forest): {"zipmap": False}},
    )
    _drop_zero_weights(graph)
    exported: bytes = graph.SerializeToString()
    return exported


def _drop_zero_weights(graph: ModelProto) -> None:
    # skl2onnx writes a weight for every class in every leaf, and most leaves know a few of 25 classes:
    # without the zeros the file is a third, opens and answers faster, and says the same.
    (trees,) = (node for node in graph.graph.node if node.op_type == "TreeEnsembleClassifier")
    columns = {attribute.name: attribute for attribute in trees.attribute}
    keep = np.flatnonzero(columns["class_weights"].floats)
    for name in ("class_weights", "class_ids", "class_nodeids", "class_treeids"):
        column = columns[name].floats if name == "class_weights" else columns[name].ints
        kept = np.asarray(column)[keep].tolist()
        del column[:]
        column.extend(kept)


def measure_parity(
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


def _evaluate(
    model: GenrePreference, forest: RandomForestClassifier, test: Examples, seed: int
) -> Evaluation:
    genres, label = test.history.genres, test.label
    answers = {
        Answerer.FOREST: answer_index(model, test),
        Answerer.MOST_COMMON_GENRE: np.full(len(test), int(model.genre_share.argmax())),
        Answerer.OWN_PAST_FAVOURITE: favourite_genre(test.history),
    }
    stated = model.classifier.probabilities(build_features(test.history, model.genres))
    forest_answer = answers[Answerer.FOREST]
    present = np.union1d(label, forest_answer)
    columns = precision_recall_fscore_support(label, forest_answer, labels=present, zero_division=0.0)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    report = {genres[i]: dict(zip(REPORT, row, strict=True)) for i, row in zip(present, rows, strict=True)}
    return Evaluation(
        accuracy={name: accuracy(answer, label) for name, answer in answers.items()},
        macro_f1={name: macro_f1(answer, label, seed) for name, answer in answers.items()},
        p_value={
            name: better_than(forest_answer, answer, label)
            for name, answer in answers.items()
            if name is not Answerer.FOREST
        },
        per_genre=report,
        confusion=confusion_matrix(label, forest_answer, labels=np.arange(len(genres))),
        stated_probability=float(stated.max(axis=1).mean()),
        importance=_importance(forest, test, seed),
    )


def _importance(forest: RandomForestClassifier, test: Examples, seed: int) -> dict[str, tuple[float, float]]:
    # Permutation on held-out customers: impurity importance favours features with many values (Strobl 2007).
    rows = np.random.default_rng(seed).permutation(len(test))[:_IMPORTANCE_CUSTOMERS]
    features = build_features(test.history, test.history.genres)[rows]
    result = permutation_importance(forest, features, test.label[rows], n_repeats=5, random_state=seed)
    names = feature_names(test.history.genres)
    order = np.argsort(-result.importances_mean, kind="stable")
    return {names[i]: (float(result.importances_mean[i]), float(result.importances_std[i])) for i in order}
