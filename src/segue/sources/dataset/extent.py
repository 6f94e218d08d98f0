"""Describes the data behind a model for its manifest: a fingerprint, counts and the time span."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.interactions import Interactions
    from segue.domain.vector.column import Labels, Text


def describe_catalogue(catalogue: Catalogue) -> dict[str, Any]:
    """Return ``fingerprint`` and the numbers of tracks, artists and genres, as JSON values."""
    columns = [
        *_text_columns(catalogue.name, catalogue.album),
        *_label_columns(catalogue.artists, catalogue.genres),
        catalogue.release_date.astype("datetime64[D]").astype("<i8"),
        catalogue.explicit.astype("<i1"),
        *map(_floats, (catalogue.popularity, catalogue.duration_s, catalogue.audio, catalogue.low_level)),
    ]
    names = [catalogue.vocabulary.checksum, *catalogue.low_level_names]
    return {
        "fingerprint": _fingerprint(names, columns),
        "tracks": len(catalogue),
        "artists": len(catalogue.artists.names),
        "genres": len(catalogue.genres.names),
    }


def describe_interactions(interactions: Interactions) -> dict[str, Any]:
    """Return ``fingerprint``, the numbers of users, tracks and events, and the time span, as JSON values.

    ``events`` sums the counts of the ``rows``. ``timed_rows`` counts the rows with a time, which lie between
    ``from`` and ``through``; both are None if no row has a time.
    """
    timed = interactions.at[~np.isnat(interactions.at)]
    columns = [
        interactions.user_index.astype("<i4"),
        interactions.item_index.astype("<i4"),
        interactions.kind.astype("<i1"),
        interactions.at.astype("datetime64[s]").astype("<i8"),
        _floats(interactions.count),
        interactions.ms_played.astype("<i4"),
        interactions.context.astype("<i2"),
    ]
    names = [interactions.users.checksum, interactions.items.checksum, *interactions.contexts]
    return {
        "fingerprint": _fingerprint(names, columns),
        "users": len(interactions.users),
        "tracks": len(interactions.items),
        "rows": len(interactions),
        "events": float(interactions.count.sum(dtype=np.float64)),
        "timed_rows": len(timed),
        "from": f"{timed.min()}Z" if len(timed) else None,
        "through": f"{timed.max()}Z" if len(timed) else None,
    }


def _text_columns(*texts: Text) -> list[NDArray[Any]]:
    return [column for text in texts for column in (text.start.astype("<i8"), text.data)]


def _label_columns(*labels: Labels) -> list[NDArray[Any]]:
    own = [column for each in labels for column in (each.start.astype("<i8"), each.label_index.astype("<i4"))]
    return [*_text_columns(*(each.names for each in labels)), *own]


def _floats(column: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(np.isnan(column), np.nan, column).astype("<f4")  # all NaNs get the same bits


def _fingerprint(names: Iterable[str], columns: Iterable[NDArray[Any]]) -> str:
    """Return ``sha256:`` and 64 hex digits, the same for the same data on every platform."""
    raw = [column.tobytes() for column in columns]
    # The lengths come first: without them a value could move to the next column and change nothing.
    digest = hashlib.sha256(json.dumps([list(names), [len(column) for column in raw]]).encode())
    for column in raw:
        digest.update(column)
    return f"sha256:{digest.hexdigest()}"
