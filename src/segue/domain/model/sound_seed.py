"""Seeds that are audio features without a track: tracks that sound as asked, as a source of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.model.candidate_source import ReasonKind, ScoreParts
from segue.domain.vector.top_n import top_n

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue

_KINDS = {"key", "mode", "time_signature"}
"""Features whose numbers are names: another one is not nearer for being less far away."""


@dataclass(frozen=True, slots=True)
class SoundSource:
    """Tracks near some values of audio features; from `sound_source`.

    Attributes
    ----------
    features : tuple of str (n_features,)
    audio : float32 (n_items, n_features)
        NaN where unknown.
    value, spread : float32 (n_features,)
        What is asked for, and at which distance a track is half as near as one on the spot.
    """

    features: tuple[str, ...]
    audio: NDArray[np.float32]
    value: NDArray[np.float32]
    spread: NDArray[np.float32]

    def best(self, n: int) -> NDArray[np.int32]:
        """Return the ``n`` nearest tracks of which a feature is known, int32."""
        scores = self.scores(np.arange(len(self.audio), dtype=np.int32))
        best = top_n(scores, n)
        return best[scores[best] > 0]

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,) in [0, 1]: the mean of `_near` over the features."""
        scores: NDArray[np.float32] = self._near(rows).mean(axis=1)
        return scores

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Split scores over the features."""
        near = self._near(rows) / len(self.features)
        at, feature = np.divmod(np.arange(near.size), len(self.features))
        return [ScoreParts(ReasonKind.ASKED, at, near.ravel(), feature, self.features)]

    def _near(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """1 on the spot, 1/2 at the spread, 0 where unknown: float32 (m, n_features)."""
        away = np.abs(self.audio[rows] - self.value) / self.spread
        near: NDArray[np.float32] = np.nan_to_num(np.exp2(-away), nan=0.0).astype(np.float32)
        return near


def sound_source(catalogue: Catalogue, wanted: Mapping[str, float]) -> SoundSource:
    """Prepare what is asked of some `AUDIO_FEATURES`, one or more; the spread is half a deviation."""
    features = tuple(wanted)
    audio = catalogue.audio[:, [AUDIO_FEATURES.index(name) for name in features]]
    known = ~np.isnan(audio)
    spread = [
        0.05 if name in _KINDS or not known[:, at].any() else float(audio[known[:, at], at].std()) / 2
        for at, name in enumerate(features)
    ]
    width = np.array([each or 1.0 for each in spread], np.float32)
    return SoundSource(features, audio, np.array(list(wanted.values()), np.float32), width)
