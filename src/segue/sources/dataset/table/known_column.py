"""The known names of columns of tracks and events, for every command.

Names are compared by `plain`, so ``Track ID`` and ``track_id`` are the same. The names of a role are ordered,
the most reliable first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.errors import SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SERVICE_IDS = (
    *("spotify_id", "spotify_track_id", "track_uri", "spotify_track_uri", "spotify_uri", "uri"),
    *("recording_mbid", "track_mbid", "recording_id"),
)
TRACK_IDS = ("track_id", *_SERVICE_IDS, "item_id", "song_id")
"""Names of columns that hold a track's id in any table."""

UNSURE_ID = "track"
"""Name of a column of ids or of titles: `segue.sources.dataset.table.track_id` decides by the cells."""

NAMES = ("name", "track_name", "title", "song_name", "song_title", "track_title", "song", "track")
ARTISTS = (
    *("artists", "artist", "artist_name", "artist_names", "artist(s)_name", "track_artist", "track_artists"),
    *("performer", "artist_name(s)", "main_artist", "primary_artist", "performers", "performer_name"),
    *("singer", "singers", "singer_name", "band", "bands", "band_name", "musician", "musicians"),
)
USER_IDS = (
    *("user_id", "user", "uid", "listener_id", "customer_id", "session_id", "reviewer_id", "username"),
    *("user_name", "listener"),
)
TIMES = ("at", "timestamp", "time", "played_at", "ts", "created_at", "datetime", "date", "unix_review_time")
COUNTS = ("count", "plays", "play_count", "listen_count", "weight")
RATINGS = ("rating", "score", "stars")
"""Names of ratings, which `segue evaluate` uses as weights. They are not counts: one star is not a play."""

GENRES = (
    *("genres", "genre", "track_genre", "track_genres", "music_genre", "genre_name", "top_genre"),
    "genre_top",
)

_SHORT: Mapping[str, tuple[str, ...]] = {
    "danceability": ("dnce",),
    "energy": ("nrgy",),
    "loudness": ("loudness_db", "db"),
    "speechiness": ("spch",),
    "acousticness": ("acous",),
    "liveness": ("live",),
    "valence": ("val",),
    "tempo": ("bpm", "beats_per_minute", "beats_per_minute_bpm", "tempo_bpm"),
}

TRACK: Mapping[str, tuple[str, ...]] = {
    "track_id": ("track_id", "id", *TRACK_IDS[1:], "instance_id"),
    "isrc": ("isrc", "track_isrc"),
    "name": NAMES,
    "artists": ARTISTS,
    "album": ("album", "album_name", "track_album_name", "album_title"),
    "genres": GENRES,
    "subgenre": ("subgenre", "track_subgenre", "subgenres"),
    "artist_genres": ("artist_genres", "artist_genre"),
    "playlist_genre": ("playlist_genre",),
    "playlist_subgenre": ("playlist_subgenre",),
    "release_date": (
        *("release_date", "album_release_date", "track_album_release_date", "year"),
        *("release_year", "released_year", "album_release_year", "released"),
    ),
    "popularity": ("popularity", "track_popularity", "song_popularity", "pop"),
    "duration_s": ("duration_s", "seconds", "duration_seconds", "duration_sec", "length_s"),
    "duration_ms": ("duration_ms", "milliseconds", "track_duration_ms", "length_ms"),
    "duration": ("duration", "length", "length_duration", "track_duration", "song_duration", "dur"),
    "explicit": ("explicit", "is_explicit"),
    **{name: (name, f"{name}_percent", f"{name}_pct", *_SHORT.get(name, ())) for name in AUDIO_FEATURES},
}
"""Roles of the columns in a table of tracks, with their names."""

_GENRE_ROLES = ("genres", "subgenre", "artist_genres", "playlist_genre", "playlist_subgenre")
_WHOSE = (
    r"all|main|primary|secondary|first|second|third|top|other|parent|track|song|music|artist|album|playlist"
)
_GENRE_NAME = re.compile(
    rf"(?:{_WHOSE}|spotify|lastfm)*(?:sub)?(?:genre|style|tag)s?(?:{_WHOSE}|names?|list|\d+)*"
)
"""Matches the `plain` names of other columns of genres."""

EVENT: Mapping[str, tuple[str, ...]] = {
    "user_id": USER_IDS,
    "track_id": (*TRACK_IDS, "item"),
    "isrc": TRACK["isrc"],
    "name": NAMES[1:],
    "artists": ARTISTS,
    "kind": ("event", "kind", "event_type", "action"),
    "at": TIMES,
    "ms_played": ("ms_played",),
    "context": ("context",),
    "count": COUNTS,
}
"""Roles of the columns in a table of events, with their names."""

ITEM_IDS = (
    *("item", "item_id", "iid", "track_id", "artist_id", "song_id", "album_id", "movie_id", "product_id"),
    *("business_id", "book_id", "asin", *TRACK_IDS, "track", "song", "artist", "movie", "product"),
)
"""Names of columns with ids of any items: `segue evaluate` also compares recommenders of films and books."""

_DESCRIPTOR = re.compile(
    r"[mgb]fccs?|lpcc?s?|mels?|bark|cqt|stft|fft|chroma\w*|tonnetz|tempogram|spectral|spectrum|centroid|bandwidth|"
    r"roll|rolloff|flatness|flux|contrast|zcr|zero|crossings?|rmse?|energies|entropy|onsets?|beats?|rhythm|pulse|"
    r"harmony|harmonic|harmonicity|inharmonicity|percussive|perceptr|dissonance|timbre|pitch|pitches|formants?|"
    r"brightness|roughness|sharpness|loudness|lufs|crest|envelope|wavelets?|kurtosis|skewness|"
    r"embeddings?|vggish|openl|musicnn|yamnet|clap|mert"
)
"""Matches words in the names of low-level audio features of librosa, Essentia and public data sets."""

LOW_LEVEL = "low_level_"
"""Prefix of a column that is always a low-level feature."""


def plain(name: str) -> str:
    """Return the letters by which column names are compared: ``Track ID`` and ``track_id`` are the same."""
    return re.sub(r"[\W_]+", "", name.lower())


def find_columns(names: Iterable[str], aliases: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the column of each role, if there is one; no column has two roles.

    Parameters
    ----------
    names
        The columns of a table.
    aliases
        Possible names of each role, the most reliable first; earlier roles take their columns first.
    """
    by_letters: dict[str, str] = {}
    for name in names:
        by_letters.setdefault(plain(name), name)
    found: dict[str, str] = {}
    for role, words in aliases.items():
        present = (by_letters[plain(word)] for word in words if plain(word) in by_letters)
        if (column := next((each for each in present if each not in found.values()), None)) is not None:
            found[role] = column
    return found


def genre_columns(names: Iterable[str], found: Mapping[str, str]) -> list[str]:
    """Return the columns whose genres are joined: first those with a role, then those with similar names.

    Parameters
    ----------
    names
        The columns of a table.
    found
        The column of each role, as `find_columns` returns it.
    """
    known = [found[role] for role in _GENRE_ROLES if role in found]
    alike = (name for name in names if _GENRE_NAME.fullmatch(plain(name)) and name not in found.values())
    return [*known, *alike]


def need(
    found: Mapping[str, str],
    aliases: Mapping[str, tuple[str, ...]],
    roles: Iterable[str],
    table: str,
    instead: str = "",
) -> None:
    """Raise SourceSchemaError unless every one of ``roles`` was found.

    Parameters
    ----------
    table
        Name of the table in the message.
    instead
        End of the message about an alternative that is missing too.
    """
    missing = []
    for role in roles:
        if role not in found:
            others = [name for name in aliases[role] if name != role]
            missing.append(f"{role} (or {', '.join(others)})" if others else role)
    if missing:
        raise SourceSchemaError(
            f"{table} has no column {' and no '.join(missing)}{instead}: rename the column that holds it."
        )


def is_audio_descriptor(name: str) -> bool:
    """Return whether a column of numbers is a low-level audio feature, by the words of its name.

    A column with an unknown name is not a feature: tables also hold chart places or labels to predict.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    known = any(_DESCRIPTOR.fullmatch(word) for word in re.findall(r"[a-z]+", words))
    return known or plain(name).startswith(plain(LOW_LEVEL))
