"""Catalogues of a few tracks, written out by the columns that a test is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.tracks import AUDIO_FEATURES, Catalogue
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.vector.column import build_labels, build_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def small_catalogue(
    artists: Sequence[Sequence[str]],
    *,
    names: Sequence[str] | None = None,
    genres: Sequence[Sequence[str]] | None = None,
    audio: Mapping[str, Sequence[float] | np.ndarray] | None = None,
) -> Catalogue:
    """Tracks "t000", "t001", … by these artists; audio features by name, NaN where not given."""
    n = len(artists)
    features = np.full((n, len(AUDIO_FEATURES)), np.nan, np.float32)
    for name, values in (audio or {}).items():
        features[:, AUDIO_FEATURES.index(name)] = values
    nothing = np.full(n, np.nan, np.float32)
    return Catalogue(
        vocabulary=build_vocabulary(f"t{row:03}" if n <= 1000 else f"t{row:06}" for row in range(n)),
        name=build_text(names or [f"song {row}" for row in range(n)]),
        artists=build_labels(artists),
        album=build_text([""] * n),
        genres=build_labels(genres or [()] * n),
        release_date=np.full(n, np.datetime64("NaT", "D")),
        popularity=nothing,
        duration_s=nothing,
        explicit=np.full(n, -1, np.int8),
        audio=features,
        low_level_names=(),
        low_level=np.empty((n, 0), np.float32),
    )
