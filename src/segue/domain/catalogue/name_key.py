"""Compares artists, genres and titles by name across catalogues that spell them differently."""

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
"""Keys of names that stand for no artist in particular, as `artist_key` returns them."""

LONGEST = 500
"""Characters of a name that are compared."""


class Likeness(IntEnum):
    """How far two titles may differ and still be one, from least to most."""

    SPELLING = 0
    """Case, accents, punctuation and blanks."""
    CREDIT = 1
    """Also guests (``(feat. …)``) and a leading "The"."""
    EDITION = 2
    """Also what tells editions of a song apart: ``- Remastered 2011``, ``(Live)``, ``- Radio Edit``."""


def artist_key(name: str) -> str:
    """Return what two spellings of one artist have in common.

    Upper case, accents, letters that keyboards lack (ø ł đ ß æ $), a leading or trailing "The", guests
    ("feat. …"), "&" for "and", punctuation and blanks do not count: ``Beyoncé`` is ``BEYONCE``, ``Røyksopp``
    is ``Royksopp``, ``AC/DC`` is ``ACDC``, ``Beatles, The`` is ``The Beatles``. A name of punctuation alone,
    as ``!!!``, is compared as it stands.
    """
    text = _LATER_ARTICLE.sub("", _folded(_GUEST.sub("", name.strip())).strip()).strip()
    letters = _NOT_LETTERS.sub("", text.removeprefix("the "))
    return letters or _NOT_LETTERS.sub("", text) or name.strip().casefold()


@lru_cache(4096)
def artist_keys(credit: str) -> tuple[str, ...]:
    """Return the keys by which a credit may be known: of all of it, then of the first artist it lists.

    ``Simon & Garfunkel`` is looked for as that first, and only then as ``Simon``.
    """
    credit = credit[:LONGEST]
    return tuple(dict.fromkeys(artist_key(name) for name in (credit, _SEVERAL.split(credit, 1)[0]) if name))


@lru_cache(4096)
def credit_keys(credit: str) -> frozenset[str]:
    """Return the keys of a whole credit and of every artist that it may list, guests too."""
    credit = credit[:LONGEST]
    names = (each for part in _GUEST_SIGN.split(credit) for each in _SEVERAL.split(part))
    return frozenset(artist_key(name) for name in (credit, *names) if name.strip())


@lru_cache(4096)
def genre_key(name: str) -> str:
    """Return what all spellings of a genre have in common; a name of signs alone is compared as it stands.

    Case, blanks and signs do not count, and "&", "and" and "n" are one: ``rnb`` is ``R and B``.
    """
    text = name.strip().casefold()
    spaced = "".join(letter if letter.isalnum() else " " for letter in text.replace("&", " n "))
    return "".join("n" if word == "and" else word for word in spaced.split()) or text


def title_key(title: str, likeness: Likeness) -> str:
    """Return what the titles have in common that are one by ``likeness``; empty for no title.

    A remix is another recording to the ear, and so are karaoke, instrumental and tribute: they stay. What
    would leave nothing is left as it is: a song may be called ``Live``.
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


@lru_cache(64)  # one title is asked for by every likeness
def _folded(text: str) -> str:
    """Return a name without case and accents, and with one spelling of letters that have several."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return text.casefold().translate(_FOLDED).replace("&", " and ")
