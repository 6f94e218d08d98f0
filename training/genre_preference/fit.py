"""Fit the genre preference, measure it beside its baselines, and let the gate choose who answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from segue.domain.genre_preference.features import pair_feature_names, rows_in
from segue.domain.genre_preference.preference import BASELINES, Answerer, GenrePreference, predict_genres
from segue.errors import NotEnoughDataError
from training.genre_preference.calibration import Calibrated, calibrate
from training.genre_preference.evaluation import (
    Estimate,
    WorstRecall,
    accuracy,
    better_than,
    calibration_error,
    macro_f1,
    macro_f1_difference,
    worst_recall,
)
from training.genre_preference.forest import FittedForest, fit_forest
from training.genre_preference.policy import choose_answerer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.genre_preference.preference import Classifier, PairForest
    from training.genre_preference.examples import CustomerSplit, Examples
    from training.genre_preference.trainer import ForestParams
    from training.release.gate import Verdict

REPORT = ("precision", "recall", "f1-score", "support")
_IMPORTANCE_CUSTOMERS = 500
_IMPORTANCE_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured on the test customers; answers are rows of the store's genres.

    Attributes
    ----------
    accuracy, macro_f1 : dict of Answerer to Estimate
    worst_recall : dict of Answerer to WorstRecall or None
    p_value : dict of Answerer to float
        Of each baseline, see `training.genre_preference.evaluation.better_than`.
    macro_f1_gain : dict of Answerer to Estimate
        Of each baseline: how much greater the forest's macro F1 is.
    per_genre : dict
        Precision, recall, F1 and number of customers of the forest, by genre.
    confusion : int64 (n_genres, n_genres)
        Rows are true genres, columns the forest's answers.
    stated_probability : float
        Mean probability that the forest gives its own answers, see
        `training.genre_preference.calibration.Calibrated`; beside its accuracy it tells calibration.
    calibration_error : float
        Of these probabilities, see `training.genre_preference.evaluation.calibration_error`.
    importance : dict of str to [mean, standard deviation]
        Loss of accuracy when one feature is permuted among test customers, greatest first.
    """

    accuracy: dict[Answerer, Estimate]
    macro_f1: dict[Answerer, Estimate]
    worst_recall: dict[Answerer, WorstRecall | None]
    p_value: dict[Answerer, float]
    macro_f1_gain: dict[Answerer, Estimate]
    per_genre: dict[str, dict[str, float]]
    confusion: NDArray[np.int64]
    stated_probability: float
    calibration_error: float
    importance: dict[str, tuple[float, float]]


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
    figures in the manifest are those of the file beside it.

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
    calibrated = calibrate(model, fitted.served, split.test)
    fitted, model = replace(fitted, served=calibrated.forest), replace(model, forest=calibrated.forest)
    evaluation = _evaluate(model, calibrated, split.test, params.seed)
    verdict = choose_answerer(evaluation.accuracy, evaluation.p_value, evaluation.macro_f1_gain)
    return Trained(replace(model, answerer=verdict.choice), fitted, evaluation, verdict)


def answer_index(model: GenrePreference, examples: Examples) -> NDArray[np.int64]:
    """Answer for every customer, int64 (n,): rows of the store's genres, -1 for one it does not have."""
    return rows_in(predict_genres(model, examples.history).genre, examples.history.genres)


def _evaluate(model: GenrePreference, calibrated: Calibrated, test: Examples, seed: int) -> Evaluation:
    genres, label = test.history.genres, test.label
    answers = {name: answer_index(replace(model, answerer=name), test) for name in Answerer}
    ours = answers[Answerer.FOREST]
    return Evaluation(
        accuracy={name: accuracy(answer, label) for name, answer in answers.items()},
        macro_f1={name: macro_f1(answer, label, seed) for name, answer in answers.items()},
        worst_recall={name: worst_recall(answer, label) for name, answer in answers.items()},
        p_value={name: better_than(ours, answers[name], label) for name in BASELINES},
        macro_f1_gain={name: macro_f1_difference(ours, answers[name], label, seed) for name in BASELINES},
        per_genre=_per_genre(ours, label, genres),
        confusion=confusion_matrix(label, ours, labels=np.arange(len(genres))),
        stated_probability=float(calibrated.stated.mean()),
        calibration_error=calibration_error(calibrated.stated, ours == label),
        importance=_importance(calibrated.forest, test, seed),
    )


def _per_genre(
    answer: NDArray[np.int64], label: NDArray[np.int64], genres: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    present = np.union1d(label, answer)
    columns = precision_recall_fscore_support(label, answer, labels=present, zero_division=0.0)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {genres[i]: dict(zip(REPORT, row, strict=True)) for i, row in zip(present, rows, strict=True)}


def _importance(forest: PairForest, test: Examples, seed: int) -> dict[str, tuple[float, float]]:
    # Permutation on held-out customers: impurity importance favours features with many values (Strobl 2007).
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(test))[:_IMPORTANCE_CUSTOMERS]
    features, label = forest.features(test.history)[rows], test.label[rows]

    def right(pairs: NDArray[np.float32]) -> float:
        probability = forest.classifier.probabilities(pairs.reshape(-1, pairs.shape[2]))[:, 1]
        return float((probability.reshape(pairs.shape[:2]).argmax(axis=1) == label).mean())

    whole, lost = right(features), {}
    for index, name in enumerate(pair_feature_names()):
        losses = []
        for _ in range(_IMPORTANCE_REPEATS):
            moved = features.copy()
            moved[:, :, index] = features[rng.permutation(len(rows)), :, index]
            losses.append(whole - right(moved))
        lost[name] = (float(np.mean(losses)), float(np.std(losses)))
    return dict(sorted(lost.items(), key=lambda each: -each[1][0]))
