"""What the gate decides of the genre preference: who answers, and whether a new version goes live."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.cache import fetch
from segue.artifacts.codec.genre_preference import load_genre_preference
from segue.backends.onnx import OnnxClassifier
from segue.domain.genre_preference.preference import BASELINES, Answerer
from segue.errors import CorruptArtifactError, InvalidInputError
from training.genre_preference.evaluation import answer_index, better_than, macro_f1, worst_recall
from training.genre_preference.trainer import ACCURACY, MACRO_F1
from training.measure.comparison import mean_of_differences
from training.release.gate import (
    ALPHA,
    REGRESSION_ALPHA,
    Verdict,
    accept_challenger,
    cannot_be_served,
    refuse_unmeasured,
    uncontested,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.genre_preference.preference import GenrePreference
    from training.genre_preference.examples import Examples
    from training.measure.comparison import Estimate
    from training.release.gate import Champion

WORDS = {
    Answerer.FOREST: "the forest",
    Answerer.MOST_COMMON_GENRE: "a constant answer (the most common genre)",
    Answerer.OWN_PAST_FAVOURITE: "the customer's own past favourite",
    Answerer.RECENT_FAVOURITE: "the customer's recent favourite",
}
"""How an answerer is named in a sentence."""


def choose_answerer(
    accuracy: Mapping[Answerer, Estimate],
    p_value: Mapping[Answerer, float],
    macro_f1_gain: Mapping[Answerer, Estimate],
) -> Verdict[Answerer]:
    """Serve the forest if it beats every baseline by more than luck, else the best baseline.

    Parameters
    ----------
    accuracy : mapping of Answerer to Estimate
        Accuracy of every answerer on the same test customers.
    p_value : mapping of Answerer to float
        By baseline: the forest is right more often by luck alone.
    macro_f1_gain : mapping of Answerer to Estimate
        By baseline: how much greater the forest's macro F1 is; it must not be surely less.
    """
    best = max(BASELINES, key=lambda name: accuracy[name].value)
    figures = ", ".join(f"{WORDS[name]} {estimate.value:.1%}" for name, estimate in accuracy.items())
    coarser = [name for name in BASELINES if macro_f1_gain[name].high < 0]
    greatest = max(p_value[name] for name in BASELINES)
    if greatest < ALPHA and not coarser:
        return Verdict(
            Answerer.FOREST,
            f"The forest beats all baselines (right: {figures}; p ≤ {greatest:.2g}): it is served.",
        )
    if accuracy[best].value >= accuracy[Answerer.FOREST].value:
        comparison = f"{WORDS[best]} is at least as good as the forest"
    elif p_value[best] >= ALPHA or not coarser:
        comparison = (
            f"the forest is not better than {WORDS[best]} by more than luck (p = {p_value[best]:.2g})"
        )
    else:
        best = max(coarser, key=lambda name: accuracy[name].value)
        comparison = (
            f"{WORDS[best]} does rare genres better than the forest "
            f"(macro F1 {-macro_f1_gain[best].value:+.3f})"
        )
    return Verdict(best, f"On this data {comparison} (right: {figures}). Served: {WORDS[best]}.")


def compare(store: ObjectStore, champion: Champion, model: GenrePreference, test: Examples) -> Verdict[bool]:
    """Have both answer for the test customers, and ask the gate.

    A champion whose files are damaged or missing does not compete. If its files are whole, but this code
    cannot read them or ask it for these customers, the challenger is refused: nobody knows which is better.
    """
    if champion.manifest is None:
        return uncontested(champion)
    with tempfile.TemporaryDirectory() as cache:
        try:
            folder = fetch(store, champion.manifest, Path(cache))
        except CorruptArtifactError as error:
            return cannot_be_served(str(error))
        try:
            theirs = answer_index(load_genre_preference(folder, OnnxClassifier), test)
        except (CorruptArtifactError, InvalidInputError) as error:
            return refuse_unmeasured(str(error))
    ours, label = answer_index(model, test), test.label
    more_right = mean_of_differences((ours == label).astype(np.float64) - (theirs == label))
    accuracy = accept_challenger(ACCURACY, more_right, better_than(theirs, ours, label))
    worst = worst_recall(ours, label)
    rarest = ("no genre", 1.0)
    if worst is not None:
        of_genre = label == worst.index
        p_value = better_than(theirs[of_genre], ours[of_genre], label[of_genre])
        rarest = (test.history.genres[worst.index], p_value)
    gain = macro_f1(ours, label, seed=0, over=theirs)
    return accept_genre_challenger(accuracy, gain, rarest)


def accept_genre_challenger(
    accuracy: Verdict[bool], macro_f1_gain: Estimate, rarest: tuple[str, float]
) -> Verdict[bool]:
    """Accept a genre challenger that `accept_challenger` accepts and that serves rare genres no worse.

    Parameters
    ----------
    accuracy : Verdict of bool
        The verdict of `accept_challenger`; a refusal stands.
    macro_f1_gain : Estimate
        How much greater the challenger's macro F1 is; its interval must not lie below minus the margin
        of `MACRO_F1`.
    rarest : tuple of str and float
        The genre that the challenger recalls least, and the p-value that the champion recalls it better by
        luck alone; must not be below ``REGRESSION_ALPHA``.
    """
    if not accuracy.choice:
        return accuracy
    if macro_f1_gain.high < -MACRO_F1.margin:
        return Verdict(
            False,
            f"The champion does rare genres better (macro F1 of the challenger {macro_f1_gain.value:+.3f}, "
            f"95 % interval {macro_f1_gain.low:+.3f} to {macro_f1_gain.high:+.3f}).",
        )
    genre, p_champion_better = rarest
    if p_champion_better < REGRESSION_ALPHA:
        return Verdict(
            False,
            f"The champion recalls {genre}, the challenger's worst genre, better "
            f"(p = {p_champion_better:.2g}).",
        )
    return accuracy
