"""How good each answerer is on the same later customers, and what a gate reads of the differences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from segue.domain.genre_preference.features import pair_feature_names, rows_in
from segue.domain.genre_preference.preference import BASELINES, Answerer, predict_genres
from training.measure.comparison import Estimate, share_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.genre_preference.preference import GenrePreference, PairForest
    from training.genre_preference.examples import Examples

RESAMPLES = 500

RECALLED_FROM = 10
"""Number of test customers from which on a genre's recall counts against a model."""

REPORT = ("precision", "recall", "f1-score", "support")
_IMPORTANCE_CUSTOMERS = 500
_IMPORTANCE_REPEATS = 3


@dataclass(frozen=True, slots=True)
class WorstRecall:
    """The genre, by its row ``index``, that is recalled least of those with ``RECALLED_FROM`` customers."""

    index: int
    recall: float
    support: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured on the test customers; answers are rows of the store's genres.

    Attributes
    ----------
    accuracy, macro_f1 : dict of Answerer to Estimate
    worst_recall : dict of Answerer to WorstRecall or None
    p_value : dict of Answerer to float
        P-value against each baseline, see `better_than`.
    macro_f1_gain : dict of Answerer to Estimate
        By baseline: how much greater the forest's macro F1 is.
    per_genre : dict
        Precision, recall, F1 and number of customers of the forest, by genre.
    confusion : int64 (n_genres, n_genres)
        Rows are true genres, columns the forest's answers.
    stated_probability : float
        Mean probability that the forest gives its own answers, see `training.genre_preference.fit.calibrate`;
        the nearer to its accuracy, the better calibrated.
    calibration_error : float
        Error of these probabilities, see `calibration_error`.
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


def evaluate(
    model: GenrePreference, forest: PairForest, stated: NDArray[np.float64], test: Examples, seed: int
) -> Evaluation:
    """Have every answerer answer for the test customers, and measure the answers.

    Parameters
    ----------
    model : GenrePreference
    forest : PairForest
        The forest of the model.
    stated : float64 (n,)
        Probability that the forest gives its answer to each customer.
    test : Examples
        Examples of n customers.
    seed : int
        Seed of the bootstrap and the permutations.
    """
    genres, label = test.history.genres, test.label
    answers = {name: answer_index(replace(model, answerer=name), test) for name in Answerer}
    ours = answers[Answerer.FOREST]
    return Evaluation(
        accuracy={name: accuracy(answer, label) for name, answer in answers.items()},
        macro_f1={name: macro_f1(answer, label, seed) for name, answer in answers.items()},
        worst_recall={name: worst_recall(answer, label) for name, answer in answers.items()},
        p_value={name: better_than(ours, answers[name], label) for name in BASELINES},
        macro_f1_gain={name: macro_f1(ours, label, seed, over=answers[name]) for name in BASELINES},
        per_genre=_per_genre(ours, label, genres),
        confusion=confusion_matrix(label, ours, labels=np.arange(len(genres))),
        stated_probability=float(stated.mean()),
        calibration_error=calibration_error(stated, ours == label),
        importance=_importance(forest, test, seed),
    )


def answer_index(model: GenrePreference, examples: Examples) -> NDArray[np.int64]:
    """Answer for every customer, int64 (n,): rows of the store's genres, -1 for one it does not have."""
    return rows_in(predict_genres(model, examples.history).genre, examples.history.genres)


def accuracy(answer: NDArray[np.int64], label: NDArray[np.int64]) -> Estimate:
    """Estimate the share of customers answered rightly, with Wilson's (1927) interval."""
    return share_of(int((answer == label).sum()), len(label))


def macro_f1(
    answer: NDArray[np.int64], label: NDArray[np.int64], seed: int, over: NDArray[np.int64] | None = None
) -> Estimate:
    """Estimate the mean F1 over all genres answered or true, with a percentile bootstrap.

    With ``over``, other answers to the same customers, it estimates by how much ``answer`` has more.
    Customers are drawn anew within each true genre. Drawn from all, rare genres would be missing from
    many draws, and the mean over the rest would lie above the estimate itself.
    """
    rng = np.random.default_rng(seed)
    answers = (answer,) if over is None else (answer, over)
    # Customers who are alike in label and answers are one cell: drawing customers is drawing cell counts.
    cells, counts = np.unique(np.stack([label, *answers]), axis=1, return_counts=True)
    genres = np.unique(cells)
    draws = np.zeros((RESAMPLES, len(counts)))
    for genre in np.unique(label):
        members = cells[0] == genre
        customers = counts[members].sum()
        draws[:, members] = rng.multinomial(customers, counts[members] / customers, RESAMPLES)
    draws = np.vstack([counts, draws])  # the first row is the estimate itself
    scores = _macro_f1(cells[1], cells[0], draws, genres)
    if over is not None:
        scores = scores - _macro_f1(cells[2], cells[0], draws, genres)
    low, high = np.quantile(scores[1:], (0.025, 0.975))
    return Estimate(float(scores[0]), float(low), float(high), len(label))


def _macro_f1(
    answer: NDArray[np.int64], label: NDArray[np.int64], draws: NDArray[np.float64], genres: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the macro F1 of each row of ``draws``, float64 (n_draws, n_cells), over genres met."""
    is_answer, is_label = answer[:, None] == genres, label[:, None] == genres
    met = (is_answer | is_label).any(axis=0)
    hit = draws @ (is_answer & is_label)[:, met]
    either = draws @ (is_answer.astype(np.float64) + is_label)[:, met]
    score: NDArray[np.float64] = (2 * hit / np.maximum(either, 1)).mean(axis=1)
    return score


def worst_recall(answer: NDArray[np.int64], label: NDArray[np.int64]) -> WorstRecall | None:
    """Find the genre that is recalled least; None if every genre has too few customers."""
    support = np.bincount(label)
    hit = np.bincount(label[answer == label], minlength=len(support))
    recall = np.where(support >= RECALLED_FROM, hit / np.maximum(support, 1), np.inf)
    worst = int(recall.argmin())
    if not np.isfinite(recall[worst]):
        return None
    return WorstRecall(worst, float(recall[worst]), int(support[worst]))


def better_than(answer: NDArray[np.int64], baseline: NDArray[np.int64], label: NDArray[np.int64]) -> float:
    """Return the one-sided p-value that ``answer`` is right more often than ``baseline`` by luck alone.

    The exact paired permutation test: were the two exchangeable, swapping them for any customer would
    change nothing, so of the customers on whom exactly one is right, that one is a fair coin. All
    permutations are summed by the binomial instead of sampled (McNemar's exact test).
    """
    right, baseline_right = answer == label, baseline == label
    wins = int((right & ~baseline_right).sum())
    losses = int((~right & baseline_right).sum())
    if wins + losses == 0:
        return 1.0
    return float(binomtest(wins, wins + losses, alternative="greater").pvalue)


def calibration_error(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error (Naeini et al. 2015) over ten bins of equal width, in [0, 1].

    Parameters
    ----------
    stated : float64 (n,)
        The probability that each answer was given with.
    right : bool (n,)
    """
    bins = np.minimum((stated * 10).astype(np.int64), 9)
    gaps = np.bincount(bins, stated) - np.bincount(bins, right)
    return float(np.abs(gaps).sum() / len(stated))


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
