"""Turn a station's seed (a track, artist, genre, mood, sound or listener) into scores."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.broad_genre import any_genre_mask
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.heard import unwelcome
from segue.domain.listening.history import History
from segue.domain.listening.mood import Mood
from segue.domain.recommend.catalogue_score import score_catalogue
from segue.domain.vector.top_n import top_n
from segue.errors import ArtistNotFoundError, InvalidInputError, TrackNotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.model.member import Step
    from segue.domain.recommend.recommender import Recommender, RecommendFor
    from segue.domain.vector.column import Labels

_NO_ROWS = np.empty(0, np.int32)
MAX_ARTIST_TRACKS = 50
"""Maximum number of an artist's tracks, the most played ones, that describe the artist."""


class SeedKind(StrEnum):
    """Kinds of seeds of a station."""

    TRACK = "track"
    ARTIST = "artist"
    GENRE = "genre"
    MOOD = "mood"
    SOUND = "sound"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Seed:
    """A kind and its value: a track id, an artist's name, genres, one of `Mood`, a sound, or a user id.

    Genres are joined by semicolons, which no genre contains. A sound is written as
    ``energy=0.8;tempo=120.0``.
    """

    kind: SeedKind
    value: str

    @property
    def genres(self) -> list[str]:
        """Return the genres of a genre seed."""
        return self.value.split(";")

    @property
    def sound(self) -> dict[str, float]:
        """Return the `AUDIO_FEATURES` of a sound seed; empty for any other kind."""
        if self.kind is not SeedKind.SOUND:
            return {}
        pairs = (feature.split("=") for feature in self.value.split(";"))
        return {name: float(value) for name, value in pairs}


@dataclass(frozen=True, slots=True)
class Tuning:
    """Scores of the catalogue for a station.

    Attributes
    ----------
    scores : float32 (n_items,)
        For `segue.domain.radio.station.Station`; -inf for tracks outside the genre, disliked or blocked.
    first : tuple of int
        Row of the seed track, which is not played again; empty for any other seed.
    step : Step
        Model that scored.
    """

    scores: NDArray[np.float32]
    first: tuple[int, ...]
    step: Step


def tune(
    model: Recommender,
    recording: NDArray[np.int32],
    seed: Seed,
    listener: RecommendFor,
    blocked: NDArray[np.int32] = _NO_ROWS,
) -> Tuning:
    """Score the catalogue for a station.

    A station of a track or an artist plays similar tracks. A station of genres, a mood, a sound or a listener
    follows the listener's taste, as far as known, and plays tracks that they have heard after all new ones.
    No station plays a track that its listener dislikes or blocked.

    Parameters
    ----------
    model : Recommender
    recording : int32 (n_items,)
        From `segue.domain.catalogue.recording`; a dislike counts for all ids of a recording.
    seed : Seed
    listener : RecommendFor
        The listener; with an empty history if unknown.
    blocked : int32 (n,), optional
        Tracks that the listener blocked.

    Raises
    ------
    TrackNotFoundError, ArtistNotFoundError
        The catalogue does not have the seed.
    InvalidInputError
        The genre or the mood does not exist, or no mood rules are live.
    """
    if seed.kind in {SeedKind.TRACK, SeedKind.ARTIST}:
        rows = _track(model, seed.value) if seed.kind is SeedKind.TRACK else _artist(model, seed.value)
        liking = replace(listener, history=History(rows, np.ones(len(rows), np.float32)))
        scored = score_catalogue(model, liking, only_alike=True)
        scores, first = scored.scores, tuple(rows.tolist()) if seed.kind is SeedKind.TRACK else ()
    else:
        mood = _mood(model, seed.value) if seed.kind is SeedKind.MOOD else None
        scored = score_catalogue(model, replace(listener, mood=mood, sound=seed.sound))
        scores, first = scored.scores, ()
        scores[listener.history.item_index] -= np.ptp(scores) + 1
        if seed.kind is SeedKind.GENRE:
            scores[~any_genre_mask(model.catalogue.genres, seed.genres)] = -np.inf
    return Tuning(_without(scores, recording, listener, blocked), first, scored.step)


def neighbours(
    model: Recommender,
    recording: NDArray[np.int32],
    seed: Seed,
    listener: RecommendFor,
    blocked: NDArray[np.int32] = _NO_ROWS,
) -> NDArray[np.float32]:
    """Score other genres for a genre station that has played its whole genre, by similarity to that genre.

    The parameters are those of `tune`. The result is float32 (n_items,), with -inf for the genre itself and
    for tracks that are never played.
    """
    inside = any_genre_mask(model.catalogue.genres, seed.genres)
    rows = _most_played(model, np.flatnonzero(inside).astype(np.int32))
    liking = replace(listener, history=History(rows, np.ones(len(rows), np.float32)))
    scores = score_catalogue(model, liking, only_alike=True).scores
    scores[inside] = -np.inf
    return _without(scores, recording, listener, blocked)


def _without(
    scores: NDArray[np.float32],
    recording: NDArray[np.int32],
    listener: RecommendFor,
    blocked: NDArray[np.int32],
) -> NDArray[np.float32]:
    never = np.concatenate([unwelcome(listener.history), blocked])
    scores[np.isin(recording, recording[never])] = -np.inf
    return scores


def _track(model: Recommender, track_id: str) -> NDArray[np.int32]:
    row = model.catalogue.vocabulary.index_of([track_id])
    if row[0] == UNKNOWN_ITEM:
        raise TrackNotFoundError(track_id)
    return row


def _artist(model: Recommender, name: str) -> NDArray[np.int32]:
    artists = model.catalogue.artists
    label = _find(artists, name)
    if label is None:
        raise ArtistNotFoundError(f"Artist {name!r} is not in the live catalogue: check the spelling.")
    place = np.flatnonzero(artists.label_index == label)
    rows = (np.searchsorted(artists.start, place, side="right") - 1).astype(np.int32)
    return _most_played(model, rows)


def _most_played(model: Recommender, rows: NDArray[np.int32]) -> NDArray[np.int32]:
    plays = model.popularity.all_time if model.popularity else np.nan_to_num(model.catalogue.popularity)
    return np.sort(rows[top_n(plays[rows], MAX_ARTIST_TRACKS)])


def _find(labels: Labels, name: str) -> int | None:
    """Return the label with this name, or else the first that differs only in case, or else in accents."""
    place = bisect_left(labels.names, name)
    if place < len(labels.names) and labels.names[place] == name:
        return place
    folded, bare = name.strip().casefold(), _without_accents(name)
    similar = None
    for place, known in enumerate(labels.names):
        if known.casefold() == folded:
            return place
        if similar is None and _without_accents(known) == bare:
            similar = place
    return similar


def _without_accents(name: str) -> str:
    text = name.strip().casefold()
    if text.isascii():  # this is fast; all names of a catalogue may pass here
        return text
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )


def _mood(model: Recommender, value: str) -> Mood:
    if value not in tuple(Mood):
        raise InvalidInputError(f"mood {value!r} is unknown: use one of {', '.join(Mood)}.")
    if model.rules is None:
        raise InvalidInputError("no mood rules are live: start the station from another seed.")
    return Mood(value)
