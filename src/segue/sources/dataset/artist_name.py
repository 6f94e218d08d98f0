"""Compares artists by name across catalogues that spell them differently."""

from __future__ import annotations

import re
import unicodedata

_GUEST = re.compile(r"\s+[(\[]?(?:feat|ft|featuring)\b.*", re.IGNORECASE)
_LATER_ARTICLE = re.compile(r",\s*the$")


def artist_key(name: str) -> str:
    """Return what two spellings of one artist have in common.

    Upper case, accents, a leading or trailing "The", guests ("feat. …"), "&" for "and", punctuation and
    blanks do not count: ``Beyoncé`` is ``BEYONCE``, ``AC/DC`` is ``ACDC``, ``Beatles, The`` is
    ``The Beatles``. A name of punctuation alone, as ``!!!``, is compared as it stands.
    """
    text = _GUEST.sub("", unicodedata.normalize("NFKD", name.strip())).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = _LATER_ARTICLE.sub("", text.replace("&", " and ").strip()).strip()
    letters = re.sub(r"[\W_]+", "", text.removeprefix("the "))
    return letters or re.sub(r"[\W_]+", "", text) or name.strip().casefold()
