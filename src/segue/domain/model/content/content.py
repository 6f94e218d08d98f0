"""What tracks are like: vectors of their names, artists, albums, genres and sound, and who is near whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.candidate_source import NAMELESS, ReasonKind, ScoreParts
from segue.domain.model.collaborative.item_similarity import ARRAYS, ItemSimilarity, neighbours_of, spoken_of
from segue.domain.model.member import Member, SourceSpec, Step
from segue.domain.vector.top_n import top_n
from segue.errors import EmptyHistoryError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.history import History
    from segue.domain.vector.column import Labels

N_VOICES = 64
"""Tracks of a history whose neighbours are looked at: those that say most about its taste."""

CANDIDATES_PER_ITEM = 4
"""Neighbours that are scored exactly, for each track that is asked for."""


@dataclass(frozen=True, slots=True)
class Content:
    """Every track as a vector whose products say how alike two tracks are.

    Attributes
    ----------
    vectors : float32 (n_items, d)
        Unit rows; 0 where nothing is known of a track. The first columns are its text, then come
        low-level features, last the audio features.
    audio_columns : tuple of str
        The audio feature of each of the last columns.
    n_text : int
        Number of columns that are text.
    neighbours : ItemSimilarity
        The tracks nearest to each, with their cosines; none is its own neighbour.

    Raises
    ------
    InvalidInputError
        The parts do not fit each other: fit them again.
    """

    vectors: NDArray[np.float32]
    audio_columns: tuple[str, ...]
    n_text: int
    neighbours: ItemSimilarity

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.neighbours.n_items != len(self.vectors):
            raise InvalidInputError(
                f"vectors {self.vectors.shape} do not fit neighbours of {self.neighbours.n_items} tracks."
            )
        if not 0 <= self.n_text <= self.vectors.shape[1] - len(self.audio_columns):
            raise InvalidInputError(
                f"{self.n_text} columns of text and {len(self.audio_columns)} of audio do not fit into "
                f"{self.vectors.shape[1]}."
            )


@dataclass(frozen=True, slots=True)
class Marks:
    """Artists or genres, as what two tracks may have in common.

    Attributes
    ----------
    kind : ReasonKind
        ARTIST or GENRE.
    labels : Labels (n_items,)
    rarity : float64 (n_labels,)
        1 + ln(n_items / tracks with it).
    """

    kind: ReasonKind
    labels: Labels
    rarity: NDArray[np.float64]


def read_marks(catalogue: Catalogue) -> tuple[Marks, ...]:
    """Count the tracks of every artist and genre, once for a version."""
    fields = ((ReasonKind.ARTIST, catalogue.artists), (ReasonKind.GENRE, catalogue.genres))
    return tuple(
        Marks(kind, labels, 1 + np.log(len(labels) / np.maximum(np.bincount(labels.label_index), 1)))
        for kind, labels in fields
    )


class ContentSource:
    """Tracks like those of one history, as a source of candidates; the reasons say in what they are alike.

    The profile is u = Σ_i c_i v_i / |Σ_i c_i v_i| over the history, and a score the cosine v_j·u. What
    is disliked has a negative confidence c and turns the profile away (Rocchio 1971).

    Parameters
    ----------
    content : Content
    history : History
    marks : tuple of Marks
        From `read_marks`, of the same tracks.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked, or nothing is known of what is.
    """

    def __init__(self, content: Content, history: History, marks: tuple[Marks, ...]) -> None:
        self._content, self._history, self._marks = content, history, marks
        parts = content.vectors.take(history.item_index, axis=0) * history.confidence[:, None]
        profile = parts.sum(axis=0, dtype=np.float64)
        size = float(np.sqrt(profile @ profile))
        if size == 0 or not (history.confidence > 0).any():
            raise EmptyHistoryError
        self._parts = parts / size
        self._profile = (profile / size).astype(np.float32)

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks near those of the history, best first, int32."""
        voice = self._parts @ self._profile
        loudest = np.sort(top_n(voice, N_VOICES))
        loudest = loudest[voice[loudest] > 0]
        near = neighbours_of(self._content.neighbours, self._history.item_index[loudest])
        spoken, weight = spoken_of(near, voice[loudest], self._content.neighbours.n_items)
        rows = spoken.take(np.sort(top_n(weight, CANDIDATES_PER_ITEM * n)))
        return rows.take(top_n(self.scores(rows), n))

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,) in [-1, 1]: cosines with the profile."""
        scores: NDArray[np.float32] = self._content.vectors.take(rows, axis=0) @ self._profile
        return scores

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Split scores over audio features, shared artists and genres.

        Each audio feature contributes its own columns' products, exactly. The text is compressed into columns
        that mix its fields, so what they contribute is shared out among the artists and genres that the track
        has in common with what is liked, by how rare each is times the confidence of the tracks that have it;
        where none is in common it is `ReasonKind.REST`, as are low-level features.
        """
        product = self._content.vectors.take(rows, axis=0).astype(np.float64) * self._profile
        n_text, features = self._content.n_text, self._content.audio_columns
        first_audio = product.shape[1] - len(features)
        text, rest = product[:, :n_text].sum(axis=1), product[:, n_text:first_audio].sum(axis=1)
        shared, total = [], np.zeros(len(rows))
        for marks, told in zip(self._marks, self._told(), strict=True):
            labels, by = marks.labels.index_of_all(rows)
            liked = told[labels] * marks.rarity[labels]
            shared.append(ScoreParts(marks.kind, by, liked, labels, marks.labels.names))
            total += np.bincount(by, liked, minlength=len(rows))
        unit = np.divide(text, total, out=np.zeros(len(rows)), where=total > 0)
        rest += np.where(total > 0, 0, text)
        at, column = np.divmod(np.arange(len(rows) * len(features)), max(1, len(features)))
        # A feature may have two columns: it is the first of them.
        feature = np.array([features.index(name) for name in features], np.int64)[column]
        return [
            ScoreParts(ReasonKind.AUDIO, at, product[:, first_audio:].ravel(), feature, features),
            *(parts._replace(value=unit[parts.at] * parts.value) for parts in shared),
            ScoreParts(ReasonKind.REST, np.arange(len(rows)), rest, np.zeros(len(rows), np.int64), NAMELESS),
        ]

    def _told(self) -> Iterator[NDArray[np.float64]]:
        """Say what each artist and each genre has of the liked tracks' confidence, float64 (n_labels,)."""
        liked = self._history.confidence > 0
        rows, confidence = self._history.item_index[liked], self._history.confidence[liked]
        for marks in self._marks:
            labels, by = marks.labels.index_of_all(rows)
            yield np.asarray(np.bincount(labels, confidence[by], minlength=len(marks.rarity)), np.float64)


def _take_apart(model: Content) -> tuple[tuple[NDArray[Any], ...], dict[str, Any]]:
    near = model.neighbours
    arrays = (model.vectors, near.start, near.item_index, near.weight)
    return arrays, {"audio_columns": model.audio_columns, "n_text": model.n_text}


def _build(
    n_items: int,
    vectors: NDArray[np.float32],
    *near: NDArray[Any],
    audio_columns: tuple[str, ...],
    n_text: int,
) -> Content:
    if len(vectors) != n_items:
        raise InvalidInputError(f"{len(vectors)} vectors for {n_items} tracks")
    return Content(vectors, audio_columns, n_text, ItemSimilarity(*near))


MEMBER = Member(
    name="content",
    arrays={"vectors": (np.float32, 2), **ARRAYS},
    values={"audio_columns": tuple, "n_text": int},
    take_apart=_take_apart,
    build=_build,
    sources=(
        SourceSpec(
            "content",
            40,
            lambda content, model, listener: ContentSource(content, listener.history, model.marks),
            ladder={Step.CONTENT: 1.0},
            tier="starter",
        ),
    ),
)
