"""The files of the rules for moods and situations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.codec.form import Form, open_arrays, open_named_for, reading, save_arrays, save_named
from segue.artifacts.strict_json import texts
from segue.domain.listening.mood import FEATURES
from segue.domain.model.content.rules import MoodRules
from segue.errors import CorruptArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from segue.domain.catalogue.vocabulary import Vocabulary

_FORMS: dict[str, Form] = {
    "percentile": (np.float32, 2),
    "shift": (np.float32, 2),
    "n_events": (np.int64, 1),
}


def write_rules(rules: MoodRules, vocabulary: Vocabulary, folder: Path) -> None:
    """Write ``percentile.npy``, ``shift.npy``, ``n_events.npy`` and ``model.json``."""
    save_arrays(folder, {name: getattr(rules, name) for name in _FORMS})
    save_named(folder, circumstances=rules.circumstances, features=FEATURES, vocabulary=vocabulary.checksum)


def load_rules(folder: Path, vocabulary: Vocabulary) -> MoodRules:
    """Load what `write_rules` wrote for the same vocabulary.

    Raises
    ------
    CorruptArtifactError
        The files do not agree with each other, or are of another vocabulary or other features.
    """
    with reading("rules"):
        named = open_named_for(folder, vocabulary)
        percentile, shift, n_events = open_arrays(folder, _FORMS)
        rules = MoodRules(percentile, texts(named["circumstances"]), shift, n_events)
        features = texts(named["features"])
    if features != FEATURES or len(rules.percentile) != len(vocabulary):
        raise CorruptArtifactError(
            f"rules: {len(rules.percentile)} rows of {', '.join(features)} for {len(vocabulary)} tracks"
        )
    return rules
