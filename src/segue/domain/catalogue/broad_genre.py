"""Ten broad genres, and the mapping of finer genre names to them."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.name_key import genre_key
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segue.domain.vector.column import Labels, Text


class BroadGenre(StrEnum):
    """A genre that a request can name in every catalogue, whatever the catalogue's own genres are."""

    POP = "pop"
    ROCK = "rock"
    HIP_HOP = "hip-hop"
    ELECTRONIC = "electronic"
    JAZZ = "jazz"
    CLASSICAL = "classical"
    COUNTRY = "country"
    RNB = "r&b"
    INDIE = "indie"
    ALTERNATIVE = "alternative"


_POP, _ROCK, _HIP_HOP, _ELECTRONIC, _JAZZ, _CLASSICAL, _COUNTRY, _RNB, _INDIE, _ALTERNATIVE = BroadGenre

_PHRASES: Mapping[str, tuple[BroadGenre, ...]] = {
    # The words of these names, one by one, would give other genres.
    "alt rock": (_ALTERNATIVE, _ROCK),
    "blues rock": (_ROCK,),
    "chamber pop": (_INDIE, _POP),
    "drum and bass": (_ELECTRONIC,),
    "drum n bass": (_ELECTRONIC,),
    "dream pop": (_INDIE, _POP),
    "easy listening": (_POP, _JAZZ),
    "folk rock": (_ROCK, _COUNTRY),
    "garage house": (_ELECTRONIC,),
    "hip hop": (_HIP_HOP,),
    "new age": (_CLASSICAL, _ELECTRONIC),
    "new wave": (_ROCK, _ELECTRONIC),
    "post punk": (_ROCK, _ALTERNATIVE),
    "post rock": (_ROCK, _ALTERNATIVE),
    "r and b": (_RNB,),
    "r b": (_RNB,),
    "r n b": (_RNB,),
    "rhythm blues": (_RNB,),
    "singer songwriter": (_INDIE, _COUNTRY),
    "speed garage": (_ELECTRONIC,),
    "trip hop": (_ELECTRONIC, _ALTERNATIVE),
    "uk garage": (_ELECTRONIC,),
}
_WORDS: Mapping[BroadGenre, tuple[str, ...]] = {
    _POP: (
        *("pop", "ballad", "britpop", "cantopop", "dance", "dancehall", "disco", "electropop", "idol"),
        *("forro", "kayokyoku", "latin", "latino", "mandopop", "motown", "mpb", "pagode", "reggaeton"),
        *("salsa", "samba", "schlager", "sertanejo", "synthpop", "tango", "teen"),
    ),
    _ROCK: (
        *("rock", "deathcore", "djent", "emo", "garage", "goth", "gothic", "grindcore", "grunge"),
        *("hardcore", "metal", "metalcore", "psychedelic", "punk", "rockabilly", "screamo", "shoegaze"),
        *("ska", "thrash", "britpop"),
    ),
    _HIP_HOP: ("hiphop", "rap", "trap", "drill", "grime", "crunk", "reggaeton"),
    _ELECTRONIC: (
        *("ambient", "breakbeat", "breakcore", "chillout", "chillwave", "club", "darkwave", "downtempo"),
        *("dnb", "dub", "dubstep", "ebm", "edm", "electro", "electronic", "electronica", "electropop"),
        *("hardstyle", "house", "idm", "industrial", "jungle", "rave", "synth", "synthpop"),
        *("synthwave", "techno", "trance"),
    ),
    _JAZZ: ("jazz", "bebop", "big band", "blues", "bossa nova", "dixieland", "fusion", "lounge", "swing"),
    _CLASSICAL: (
        *("classical", "baroque", "chamber", "choral", "concerto", "opera", "orchestra", "orchestral"),
        *("piano", "requiem", "symphony"),
    ),
    _COUNTRY: ("country", "americana", "bluegrass", "folk", "honky tonk", "nashville", "rockabilly"),
    _RNB: ("rnb", "rhythm and blues", "afrobeat", "funk", "gospel", "groove", "motown", "neo soul", "soul"),
    _INDIE: (
        *("indie", "indietronica", "acoustic", "folk", "bedroom", "lofi", "lo fi", "shoegaze"),
        "songwriter",
    ),
    _ALTERNATIVE: ("alternative", "alt", "college", "emo", "experimental", "goth", "gothic", "grunge"),
}
"""Words and phrases by genre. One of them is enough; a name may belong to several genres."""

_BROAD_OF_WORDS: Mapping[str, tuple[BroadGenre, ...]] = {
    words: tuple(genre for genre in BroadGenre if words in _WORDS[genre])
    for all_words in _WORDS.values()
    for words in all_words
} | dict(_PHRASES)
_MOST_WORDS = max(len(words.split()) for words in _BROAD_OF_WORDS)

ENOUGH_OF_ITS_OWN = 100
"""If a genre of the catalogue has this many tracks, the broad genre of the same name adds no others."""
LEAST_SHARE = 0.5
"""Minimum share of a broad genre in a track: a rock hit with "blues" as one of four genres is not jazz."""


@lru_cache(maxsize=4096)
def broad_genres(name: str) -> tuple[BroadGenre, ...]:
    """Return the broad genres that a finer name belongs to, in the order of `BroadGenre`; none if unknown.

    The name is read word by word, and the longest known phrase counts: "swedish death metal" is rock, and
    "trip-hop" is not hip-hop. docs/rules.md lists the mapping.
    """
    words = "".join(letter if letter.isalnum() else " " for letter in name.casefold()).split()
    found: set[BroadGenre] = set()
    place = 0
    while place < len(words):
        for length in range(min(_MOST_WORDS, len(words) - place), 0, -1):
            run = " ".join(words[place : place + length])
            if run in _BROAD_OF_WORDS:
                found.update(_BROAD_OF_WORDS[run])
                break
        place += length
    return tuple(genre for genre in BroadGenre if genre in found)


def broad_parts(names: Text) -> NDArray[np.float64]:
    """Return the share of each broad genre in each finer one, float64 (n_names, 10)."""
    parts = np.zeros((len(names), len(BroadGenre)))
    order = tuple(BroadGenre)
    for label, name in enumerate(names):
        for genre in (broad := broad_genres(name)):
            parts[label, order.index(genre)] = 1 / len(broad)
    return parts


def broad_shares(genres: Labels) -> NDArray[np.float32]:
    """Return the share of each broad genre in each track, float32 (n_items, 10) by `BroadGenre`.

    All finer genres of a track count the same, and each is divided equally among its broad ones. Rows sum
    to 1, or to 0 if no genre is known. It takes about 0.1 µs per track: compute it once for a version.
    """
    row = np.repeat(np.arange(len(genres)), np.diff(genres.start))
    total = np.stack(
        [
            np.bincount(row, column[genres.label_index], minlength=len(genres))
            for column in broad_parts(genres.names).T
        ],
        1,
    )
    size = total.sum(axis=1, keepdims=True)
    shares: NDArray[np.float32] = (total / np.where(size > 0, size, 1)).astype(np.float32)
    return shares


def any_genre_mask(genres: Labels, wanted: Sequence[str]) -> NDArray[np.bool_]:
    """Return which tracks have at least one of the genres, bool (n_items,); raises as `genre_mask` does."""
    mask: NDArray[np.bool_] = np.any([genre_mask(genres, name) for name in wanted], axis=0)
    return mask


def genre_mask(genres: Labels, wanted: str) -> NDArray[np.bool_]:
    """Return which tracks have a genre, bool (n_items,).

    If a genre of the catalogue has `ENOUGH_OF_ITS_OWN` tracks, only these are returned. If it has fewer, a
    broad genre of that name adds the tracks in which its share is at least `LEAST_SHARE`.

    Parameters
    ----------
    genres : Labels (n_items,)
    wanted : str
        A genre of the catalogue or a `BroadGenre`. Case, blanks and signs do not matter, and "&", "and"
        and "n" are the same: "Hip Hop", "hiphop", "rnb" and "R and B" are known.

    Raises
    ------
    InvalidInputError
        The genre is neither; the message lists the broad ones.
    """
    asked = genre_key(wanted)
    chosen = np.array([genre_key(name) == asked for name in genres.names], bool)
    broad = [genre_key(genre) == asked for genre in BroadGenre]
    if not (chosen.any() or any(broad)):
        raise InvalidInputError(
            f"genre {wanted!r} is neither a genre of this catalogue nor one of {', '.join(BroadGenre)}."
        )
    mask = np.zeros(len(genres), bool)
    place = np.flatnonzero(chosen[genres.label_index])
    mask[np.searchsorted(genres.start, place, side="right") - 1] = True
    if any(broad) and mask.sum() < ENOUGH_OF_ITS_OWN:
        mask |= broad_shares(genres)[:, broad.index(True)] >= LEAST_SHARE
    return mask
