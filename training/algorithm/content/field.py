"""What a catalogue says of its tracks, field by field, as rows whose products are cosines.

Texts are TF-IDF (scikit-learn's, with sublinear term frequency), features standardised. Every row of a field
is a unit row, or 0 where nothing is known: so the product of two tracks, each field scaled by the root of
its weight, is the weighted mean of the fields' cosines.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from segue.domain.catalogue.tracks import AUDIO_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue

TEXT_FIELDS = ("name", "artists", "album", "genres")
_KEY = AUDIO_FEATURES.index("key")
AUDIO_COLUMNS = (*(name for name in AUDIO_FEATURES if name != "key"), "key", "key")
"""The audio feature of each column of `Fields.audio`: two say where the key lies on the circle of fifths."""


@dataclass(frozen=True, slots=True)
class FieldWeights:
    """What each field counts when tracks are compared; they sum to 1."""

    name: float = 0.05
    artists: float = 0.2
    album: float = 0.1
    genres: float = 0.3
    audio: float = 0.25
    low_level: float = 0.1

    def __post_init__(self) -> None:
        if abs(sum(asdict(self).values()) - 1) > 1e-6 or min(asdict(self).values()) < 0:
            raise ValueError(f"the weights of fields sum to 1 and none is negative: {self}")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of every track, each float32 (n_items, its width) of unit rows, or 0 where nothing is known.

    ``text`` has the sparse matrices of `TEXT_FIELDS`.
    """

    text: dict[str, csr_matrix]
    audio: NDArray[np.float32]
    low_level: NDArray[np.float32]

    def weighted_text(self, weights: FieldWeights) -> csr_matrix:
        """Return the text fields side by side, each scaled by the root of its weight."""
        scaled = [np.float32(getattr(weights, name) ** 0.5) * field for name, field in self.text.items()]
        return hstack(scaled, format="csr", dtype=np.float32)


def read_fields(catalogue: Catalogue) -> Fields:
    """Turn a catalogue into fields; artists and genres are whole names, the others words."""
    words: dict[str, Any] = {"token_pattern": r"(?u)\b\w+\b", "min_df": 2}
    text = {
        "name": _tf_idf(catalogue.name, **words),
        "artists": _tf_idf(_labels(catalogue.artists.of, len(catalogue)), analyzer=_as_it_is),
        "album": _tf_idf(catalogue.album, **words),
        "genres": _tf_idf(_labels(catalogue.genres.of, len(catalogue)), analyzer=_as_it_is),
    }
    return Fields(
        text, standardise(_with_circle_of_fifths(catalogue.audio)), standardise(catalogue.low_level)
    )


def standardise(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring every column to mean 0 and variance 1, the unknown to the mean, and every row to length 1."""
    known = ~np.isnan(features)
    n_known = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0).sum(axis=0, dtype=np.float64) / n_known
    centred = np.where(known, features - mean, 0)
    deviation = np.sqrt((centred**2).sum(axis=0) / n_known)
    scaled = centred / np.where(deviation > 0, deviation, 1)
    return np.asarray(normalize(scaled), np.float32) if scaled.size else scaled.astype(np.float32)


def _with_circle_of_fifths(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    # C and G share all notes but one and are 7 apart as numbers; on the circle they are neighbours.
    angle = 2 * np.pi * (7 * audio[:, _KEY] % 12) / 12
    return np.column_stack([np.delete(audio, _KEY, axis=1), np.cos(angle), np.sin(angle)])


def _tf_idf(texts: Iterable[Any], **how: Any) -> csr_matrix:
    documents = list(texts)
    vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **how)
    try:
        return vectorizer.fit_transform(documents)
    except ValueError:  # scikit-learn's answer where no word is left: the catalogue has no such field
        return csr_matrix((len(documents), 0), dtype=np.float32)


def _labels(of: Callable[[int], tuple[str, ...]], n: int) -> Iterable[list[str]]:
    return ([name.casefold() for name in of(row)] for row in range(n))


def _as_it_is(labels: list[str]) -> list[str]:
    return labels
