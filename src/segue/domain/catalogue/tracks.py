"""The catalogue: all tracks that can be recommended, in columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.vector.column import Labels, Text

AUDIO_FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "time_signature",
)
"""The columns of `Catalogue.audio`: key 0 (C) … 11 (B), loudness in dB, mode 0 (minor) or 1 (major), tempo
in beats per minute, time_signature in beats per bar; all others from 0 to 1 (Spotify Web API)."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Catalogue:
    """One track per row of the vocabulary; unknown values are marked as unknown and never guessed.

    A catalogue equals only itself, so caches can use it as a key.

    Attributes
    ----------
    vocabulary : Vocabulary (n_items,)
        The track ids.
    name, album : Text (n_items,)
        Empty if unknown.
    artists, genres : Labels (n_items,)
        The main artist first; a track may have several of each, or none.
    release_date : datetime64[D] (n_items,)
        NaT if unknown; January 1 if only the year is known.
    popularity : float32 (n_items,)
        0 … 100 as the source counts it, NaN if unknown.
    duration_s : float32 (n_items,)
        Seconds, NaN if unknown.
    explicit : int8 (n_items,)
        1, 0, or -1 if unknown.
    audio : float32 (n_items, 12)
        Columns as in `AUDIO_FEATURES`; NaN if unknown.
    low_level_names : tuple of str
    low_level : float32 (n_items, n_low_level)
        Any further features of the recording, NaN if unknown.

    Raises
    ------
    InvalidInputError
        The length of a column differs from the length of the vocabulary.
    """

    vocabulary: Vocabulary
    name: Text
    artists: Labels
    album: Text
    genres: Labels
    release_date: NDArray[np.datetime64]
    popularity: NDArray[np.float32]
    duration_s: NDArray[np.float32]
    explicit: NDArray[np.int8]
    audio: NDArray[np.float32]
    low_level_names: tuple[str, ...]
    low_level: NDArray[np.float32]

    def __post_init__(self) -> None:
        for field in fields(self):
            column = getattr(self, field.name)
            if field.name != "low_level_names" and len(column) != len(self.vocabulary):
                raise InvalidInputError(
                    f"{field.name} has {len(column)} rows for {len(self.vocabulary)} tracks."
                )
        widths = (self.audio.shape[1], self.low_level.shape[1])
        if widths != (len(AUDIO_FEATURES), len(self.low_level_names)):
            raise InvalidInputError(
                f"{widths[0]} audio and {widths[1]} low-level columns: expected {len(AUDIO_FEATURES)} "
                f"and {len(self.low_level_names)}."
            )

    def __len__(self) -> int:
        return len(self.vocabulary)
