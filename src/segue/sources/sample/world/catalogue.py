"""Draws the catalogue: artists, albums, tracks, and each track's sound and popularity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import Stage, draw_rows, stream
from segue.sources.sample.parameter import END, SPAN_S, START
from segue.sources.sample.world import genre

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.parameter import Params

STYLES = 4
"""Number of a track's properties that listeners hear but no audio feature shows."""

TRAITS = len(genre.AUDIO) + STYLES
"""Length of a track's trait vector: the deviations from its genre in each of `AUDIO`, then the styles."""

_TRACKS_PER_ALBUM, _ARTISTS_PER_ALBUM = 9, 0.45
_VARIANCE_ARTIST, _VARIANCE_ALBUM = 0.40, 0.20
_NEW_SHARE = 0.12
_PRICES_CENTS = (99, 129)

# How far one standard deviation of a trait moves a feature: in logits, but dB for loudness and a factor's
# logarithm for tempo.
_SCALE = np.array([0.45, 0.60, 2.4, 0.55, 0.90, 1.30, 0.50, 0.65, 0.13])
_LOUDNESS, _TEMPO = genre.AUDIO.index("loudness"), genre.AUDIO.index("tempo")


@dataclass(frozen=True, slots=True)
class DrawnCatalogue:
    """The store's music; rows are ids minus one.

    Attributes
    ----------
    artist_genre, artist_second_genre : int64 (n_artists,)
    album_artist : int64 (n_albums,)
        Ascending.
    track_album, track_artist, track_genre : int64 (n_tracks,)
        ``track_album`` is ascending; ``track_genre`` is the primary genre.
    track_genres : int64 (n_pairs, 2)
        (track, genre) of all genres, including the primary one; sorted, unique.
    trait : float32 (n_tracks, TRAITS)
        About standard normal over the catalogue; similar within an artist, and more similar within an album.
    quality : float32 (n_tracks,)
        About standard normal.
    weight : float64 (n_tracks,)
        Chance that a track is picked within its genre: a power of its rank there.
    audio : float64 (n_tracks, 9)
        Columns of `genre.AUDIO`, in their units.
    key, mode, time_signature, explicit, popularity, duration_ms, price_cents : int64 (n_tracks,)
    released_s : int64 (n_tracks,)
        Midnight of the release date in seconds after START; negative before it.
    """

    artist_genre: NDArray[np.int64]
    artist_second_genre: NDArray[np.int64]
    album_artist: NDArray[np.int64]
    track_album: NDArray[np.int64]
    track_artist: NDArray[np.int64]
    track_genre: NDArray[np.int64]
    track_genres: NDArray[np.int64]
    trait: NDArray[np.float32]
    quality: NDArray[np.float32]
    weight: NDArray[np.float64]
    audio: NDArray[np.float64]
    key: NDArray[np.int64]
    mode: NDArray[np.int64]
    time_signature: NDArray[np.int64]
    explicit: NDArray[np.int64]
    popularity: NDArray[np.int64]
    duration_ms: NDArray[np.int64]
    price_cents: NDArray[np.int64]
    released_s: NDArray[np.int64]


def build_catalogue(params: Params, seed: int, n_tracks: int) -> DrawnCatalogue:
    """Draw ``n_tracks`` tracks on albums of 1 to 18 tracks, with about two albums per artist."""
    rng = stream(seed, Stage.CATALOGUE)
    track_album = _albums(rng, n_tracks)
    n_albums = int(track_album[-1]) + 1
    album_artist = _album_artists(rng, n_albums)
    n_artists = int(album_artist[-1]) + 1
    neighbours = genre.neighbour_matrix(params.neighbour_width)
    artist_genre = rng.choice(len(genre.NAMES), n_artists, p=_catalogue_share())
    artist_second = draw_rows(rng, neighbours[artist_genre])
    track_artist = album_artist[track_album]
    strays = (rng.random(n_albums) < 0.08)[track_album] | (rng.random(n_tracks) < 0.05)
    track_genre = np.where(strays, artist_second[track_artist], artist_genre[track_artist])
    track_genres = _all_genres(rng, track_genre, artist_genre[track_artist], neighbours)
    trait = _nested(rng, track_album, track_artist, TRAITS)
    quality = _nested(rng, track_album, track_artist, 1)[:, 0]
    weight, popularity = _popularity(rng, params, track_genre, track_artist, quality)
    audio = _sound(track_genre, trait)
    return DrawnCatalogue(
        artist_genre=artist_genre,
        artist_second_genre=artist_second,
        album_artist=album_artist,
        track_album=track_album,
        track_artist=track_artist,
        track_genre=track_genre,
        track_genres=track_genres,
        trait=trait.astype(np.float32),
        quality=quality.astype(np.float32),
        weight=weight,
        audio=audio,
        key=rng.integers(0, 12, n_tracks),
        mode=(rng.random(n_tracks) < genre.MAJOR[track_genre]).astype(np.int64),
        time_signature=_time_signature(rng, track_genre),
        explicit=(rng.random(n_tracks) < genre.EXPLICIT[track_genre]).astype(np.int64),
        popularity=popularity,
        duration_ms=_durations(rng, track_genre),
        price_cents=np.where(popularity >= np.quantile(popularity, 0.75), *reversed(_PRICES_CENTS)),
        released_s=_releases(rng, n_albums)[track_album],
    )


def _catalogue_share() -> NDArray[np.float64]:
    # Shops offer more tracks of small genres than they sell.
    share = genre.MARKET**0.7
    return np.asarray(share / share.sum())


def _albums(rng: np.random.Generator, n_tracks: int) -> NDArray[np.int64]:
    sizes = np.clip(rng.poisson(_TRACKS_PER_ALBUM, n_tracks), 1, 18)  # more albums than needed
    return np.repeat(np.arange(n_tracks), sizes)[:n_tracks]


def _album_artists(rng: np.random.Generator, n_albums: int) -> NDArray[np.int64]:
    n_artists = max(1, round(n_albums * _ARTISTS_PER_ALBUM))
    productivity = (1.0 + rng.permutation(n_artists)) ** -0.6
    further = rng.choice(n_artists, n_albums - n_artists, p=productivity / productivity.sum())
    return np.sort(np.concatenate([np.arange(n_artists), further]))


def _all_genres(
    rng: np.random.Generator,
    primary: NDArray[np.int64],
    of_artist: NDArray[np.int64],
    neighbours: NDArray[np.float64],
) -> NDArray[np.int64]:
    track = np.arange(len(primary))
    more = rng.random(len(primary)) < 0.45
    pairs = [
        np.column_stack([track, primary]),
        np.column_stack([track, of_artist]),
        np.column_stack([track, draw_rows(rng, neighbours[primary])])[more],
    ]
    return np.unique(np.concatenate(pairs), axis=0)


def _nested(
    rng: np.random.Generator, album: NDArray[np.int64], artist: NDArray[np.int64], width: int
) -> NDArray[np.float64]:
    def part(variance: float, group: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(np.sqrt(variance) * rng.standard_normal((int(group[-1]) + 1, width))[group])

    own = part(1.0 - _VARIANCE_ARTIST - _VARIANCE_ALBUM, np.arange(len(album)))
    return np.asarray(part(_VARIANCE_ARTIST, artist) + part(_VARIANCE_ALBUM, album) + own)


def _popularity(
    rng: np.random.Generator,
    params: Params,
    track_genre: NDArray[np.int64],
    track_artist: NDArray[np.int64],
    quality: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    fame = rng.standard_normal(int(track_artist[-1]) + 1)
    appeal = fame[track_artist] + 0.5 * quality + 0.7 * rng.standard_normal(len(quality))
    order = np.lexsort((-appeal, track_genre))
    first = np.searchsorted(track_genre[order], np.arange(len(genre.NAMES)))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order)) - first[track_genre[order]]
    weight = (1.0 + rank) ** -params.zipf
    # Like published figures, popularity compares tracks across genres and is not exact.
    known = np.log(weight * genre.MARKET[track_genre]) + 0.3 * rng.standard_normal(len(weight))
    spread = max(float(np.ptp(known)), 1e-9)
    return weight, np.rint(100 * (known - known.min()) / spread).astype(np.int64)


def _sound(track_genre: NDArray[np.int64], trait: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move each genre's medians by the traits: shares in logits, loudness in dB, tempo by a factor."""
    middle = genre.SOUND[track_genre]
    move = _SCALE * _blended(trait[:, : len(genre.AUDIO)])
    bounded = np.clip(middle, 1e-4, 1 - 1e-4)
    odds = np.log(bounded / (1 - bounded)) + move
    audio = 1 / (1 + np.exp(-odds))
    audio[:, _LOUDNESS] = np.clip(middle[:, _LOUDNESS] + move[:, _LOUDNESS], -50.0, 0.0)
    audio[:, _TEMPO] = np.clip(middle[:, _TEMPO] * np.exp(move[:, _TEMPO]), 45.0, 220.0)
    digits = np.array([3, 3, 3, 4, 4, 5, 4, 3, 3])
    return np.asarray(np.round(audio * 10.0**digits) / 10.0**digits)


def _blended(trait: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate loudness and acousticness with energy, and valence with danceability."""
    dance, energy, loudness, _, acoustic, _, _, valence, _ = range(len(genre.AUDIO))
    blended = trait.copy()
    blended[:, loudness] = 0.7 * trait[:, energy] + 0.71 * trait[:, loudness]
    blended[:, acoustic] = -0.6 * trait[:, energy] + 0.8 * trait[:, acoustic]
    blended[:, valence] = 0.5 * trait[:, dance] + 0.87 * trait[:, valence]
    return blended


def _time_signature(rng: np.random.Generator, track_genre: NDArray[np.int64]) -> NDArray[np.int64]:
    odd = rng.random(len(track_genre))
    waltz = genre.WALTZ[track_genre]
    signature = np.select([odd < waltz, odd < waltz + 0.012, odd < waltz + 0.016], [3, 5, 1], default=4)
    return np.asarray(signature, np.int64)


def _durations(rng: np.random.Generator, track_genre: NDArray[np.int64]) -> NDArray[np.int64]:
    seconds = genre.SECONDS[track_genre] * np.exp(0.24 * rng.standard_normal(len(track_genre)))
    return np.asarray(np.rint(1000 * np.clip(seconds, 45, 1200)).astype(np.int64))


def _releases(rng: np.random.Generator, n_albums: int) -> NDArray[np.int64]:
    """Return release days in seconds after START: back to about 1960, with a share in the two years."""
    days = int((END - START) / np.timedelta64(1, "D"))
    age = np.minimum(np.rint(rng.gamma(1.1, 4200, n_albums)), 23_000) + 1
    new = rng.random(n_albums) < _NEW_SHARE
    new[0] = False  # the shop has an album on the first day
    day = np.where(new, rng.integers(0, days, n_albums), -age)
    return np.asarray(day * (SPAN_S // days), np.int64)
