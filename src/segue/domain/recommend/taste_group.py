"""Groups of tracks that a list keeps in the proportions of its listener's taste."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.broad_genre import broad_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.model.popularity.popularity import Popularity
    from segue.domain.vector.column import Labels

N_BANDS = 3
"""Number of bands of popularity: head, middle and tail."""


def taste_groups(genres: Labels, popularity: Popularity | None) -> NDArray[np.float32]:
    """Return what calibration keeps in proportion, float32 (n_items, 10 + `N_BANDS`).

    Half of a track is shared among its broad genres; half goes to its band of popularity: head, middle
    and tail, each with a third of all plays (Abdollahpouri et al., "User-centered evaluation of popularity
    bias in recommender systems", 2021). Compute it once for a version.
    """
    groups = np.concatenate(
        [0.5 * broad_shares(genres), np.zeros((len(genres), N_BANDS), np.float32)], axis=1
    )
    if popularity is not None:
        plays = np.maximum(popularity.all_time, 0).astype(np.float64)
        order = np.argsort(-plays, kind="stable")
        before = np.cumsum(plays[order]) - plays[order]
        band = np.minimum(N_BANDS * before / max(float(plays.sum()), 1e-12), N_BANDS - 1).astype(np.intp)
        groups[order, groups.shape[1] - N_BANDS + band] = 0.5
    return groups
