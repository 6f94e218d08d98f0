"""Compares the names of artists, genres and titles across catalogues with different spellings."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache

_GUEST = re.compile(r"\s+[(\[]?(?:feat|ft|featuring)\b.*", re.IGNORECASE)
_GUEST_SIGN = re.compile(r"[\s(\[]+(?:feat|ft|featuring)\b\.?|[)\]]", re.IGNORECASE)
_LATER_ARTICLE = re.compile(r",\s*the$")
_TITLE_GUEST = re.compile(
    r"\s*[(\[](?:feat|ft|featuring|with)\b[^)\]]*[)\]]|\s+(?:feat|ft|featuring)\b.*", re.IGNORECASE
)
_SEVERAL = re.compile(r"\s*(?:[,;/+]|\s(?:&|and|x|vs\.?|with|und|et|y)\s)\s*", re.IGNORECASE)
_EDITION = (
    r"\b(?:remaster(?:ed|izado|is[ée]e?)?|re-?recorded|live|version|versión|edit|mono|stereo|deluxe|bonus|"
    r"demo|acoustic|unplugged|session|sessions|anniversary|edition|explicit|clean|take|single|mix|outtake|"
    r"ao vivo|en vivo|en directo|directo)\b"
)
_BRACKETS = re.compile(rf"\s*[(\[](?:[^()\[\]]*?{_EDITION}[^()\[\]]*|\d{{4}})[)\]]", re.IGNORECASE)
_SUFFIX = re.compile(rf"\s+[-–—/|]\s+(?:[^-–—]*?{_EDITION}.*|\d{{4}})$", re.IGNORECASE)
_NOT_LETTERS = re.compile(r"[\W_]+")
_FOLDED = str.maketrans(
    {
        **{"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "$": "s"},
        **{"ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k"},
    }
)

NO_ARTIST = frozenset({"variousartists", "various", "unknown", "unknownartist"})
"""Keys, from `artist_key`, of names that mean no particular artist."""

LONGEST = 500
"""Number of characters of a name that are compared."""


class Likeness(IntEnum):
    """How much two titles of one song may differ, from least to most."""

    SPELLING = 0
    """They may differ in case, accents, punctuation and blanks."""
    CREDIT = 1
    """They may also differ in guests (``(feat. …)``) and a leading "The"."""
    EDITION = 2
    """They may also differ in the edition: ``- Remastered 2011``, ``(Live)``, ``- Radio Edit``."""


def artist_key(name: str) -> str:
    """Return the same key for all spellings of an artist's name.

    The key ignores case, accents, letters that keyboards lack (ø ł đ ß æ $), a leading or trailing "The",
    guests ("feat. …"), "&" instead of "and", punctuation and blanks: ``Beyoncé`` is ``BEYONCE``, ``Røyksopp``
    is ``Royksopp``, ``AC/DC`` is ``ACDC``, ``Beatles, The`` is ``The Beatles``. A name that is only
    punctuation, such as ``!!!``, is not changed.
    """
    text = _LATER_ARTICLE.sub("", _folded(_GUEST.sub("", name.strip())).strip()).strip()
    letters = _NOT_LETTERS.sub("", text.removeprefix("the "))
    return letters or _NOT_LETTERS.sub("", text) or name.strip().casefold()


@lru_cache(4096)
def artist_keys(credit: str) -> tuple[str, ...]:
    """Return the key of the whole credit, then the key of the first artist in it.

    ``Simon & Garfunkel`` is looked up as a whole first, and only then as ``Simon``.
    """
    credit = credit[:LONGEST]
    return tuple(dict.fromkeys(artist_key(name) for name in (credit, _SEVERAL.split(credit, 1)[0]) if name))


@lru_cache(4096)
def credit_keys(credit: str) -> frozenset[str]:
    """Return the keys of the whole credit and of every artist in it, including guests."""
    credit = credit[:LONGEST]
    names = (each for part in _GUEST_SIGN.split(credit) for each in _SEVERAL.split(part))
    return frozenset(artist_key(name) for name in (credit, *names) if name.strip())


@lru_cache(4096)
def genre_key(name: str) -> str:
    """Return the same key for all spellings of a genre; a name that is only signs is not changed.

    The key ignores case, blanks and signs, and "&", "and" and "n" are the same: ``rnb`` is ``R and B``.
    """
    text = name.strip().casefold()
    spaced = "".join(letter if letter.isalnum() else " " for letter in text.replace("&", " n "))
    return "".join("n" if word == "and" else word for word in spaced.split()) or text


def title_key(title: str, likeness: Likeness) -> str:
    """Return the same key for all titles that are one song by ``likeness``; empty for no title.

    Remixes, karaoke, instrumentals and tributes are other recordings: these words are kept. A title that
    would become empty is kept too: a song may be called ``Live``.
    """
    text = title[:LONGEST]
    if likeness >= Likeness.CREDIT:
        text = _TITLE_GUEST.sub("", text) or text
    if likeness >= Likeness.EDITION:
        text = _SUFFIX.sub("", text) or text
        text = _BRACKETS.sub("", text) or text
    text = _folded(text)
    if likeness >= Likeness.CREDIT:
        text = text.strip().removeprefix("the ")
    return _NOT_LETTERS.sub("", text) or text.strip() or title.strip().casefold()


@lru_cache(64)  # every likeness asks for the same title
def _folded(text: str) -> str:
    """Return a name without case and accents, and with one spelling for each letter."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return text.casefold().translate(_FOLDED).replace("&", " and ")
