"""How a new genre preference compares with the one that is live, on the same later customers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.cache import fetch
from segue.artifacts.codec.genre_preference import load_genre_preference
from segue.backends.onnx import OnnxClassifier
from segue.errors import CorruptArtifactError, InvalidInputError
from training.genre_preference.evaluation import better_than, difference, macro_f1_difference, worst_recall
from training.genre_preference.fit import answer_index
from training.genre_preference.policy import accept_genre_challenger
from training.genre_preference.trainer import ACCURACY, MACRO_F1
from training.release.champion import cannot_be_served, uncontested
from training.release.gate import Verdict, accept_challenger, refuse_unmeasured

if TYPE_CHECKING:
    from segue.artifacts.place.object_store import ObjectStore
    from training.genre_preference.examples import Examples
    from training.genre_preference.fit import Trained
    from training.release.champion import Champion


def compare(store: ObjectStore, champion: Champion, trained: Trained, test: Examples) -> Verdict[bool]:
    """Have both answer for the test customers, and ask the gate.

    Files that are damaged or gone are no champion. Files that are whole and that this code does not read, or
    cannot ask for these customers, are one: the challenger is refused, as nobody knows which is better.
    """
    if champion.manifest is None:
        return uncontested(champion)
    with tempfile.TemporaryDirectory() as cache:
        try:
            folder = fetch(store, champion.manifest, Path(cache))
        except CorruptArtifactError as error:
            return cannot_be_served(str(error))
        try:
            model = load_genre_preference(folder, OnnxClassifier)
            theirs = answer_index(model, test)
        except (CorruptArtifactError, InvalidInputError) as error:
            return refuse_unmeasured(str(error))
    ours, label = answer_index(trained.model, test), test.label
    accuracy = accept_challenger(ACCURACY, difference(ours, theirs, label), better_than(theirs, ours, label))
    worst = worst_recall(ours, label)
    rarest = ("no genre", 1.0)
    if worst is not None:
        of_genre = label == worst.index
        p_value = better_than(theirs[of_genre], ours[of_genre], label[of_genre])
        rarest = (test.history.genres[worst.index], p_value)
    gain = macro_f1_difference(ours, theirs, label, seed=0)
    return accept_genre_challenger(accuracy, MACRO_F1, gain, rarest)
