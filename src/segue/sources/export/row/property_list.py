"""Divides an XML property list into the dictionaries of its tracks; plistlib reads each of them."""

from __future__ import annotations

import plistlib
import re
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from segue.errors import SourceSchemaError
from segue.sources.export.left_out import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TRACK = 1 << 16
"""Maximum number of characters of a track."""

_LONGEST_HEAD = 1 << 17
_TRACKS = re.compile(r"<key>\s*Tracks\s*</key>\s*<dict\s*>")
_TRACK = re.compile(r"\s*<key>[^<]*</key>\s*(<dict\s*>.*?</dict\s*>)", re.DOTALL)
_END = re.compile(r"\s*</dict\s*>")
_ALONE = b'<?xml version="1.0" encoding="UTF-8"?><plist version="1.0">%s</plist>'


def track_dictionaries(pieces: Iterator[str]) -> Iterator[tuple[str, dict[str, Any] | Damaged]]:
    """Yield every track with its place.

    Each track is parsed alone, without the declarations of the file. So entities are never expanded, and a
    damaged track affects no other track.

    Raises
    ------
    SourceSchemaError
        The file is not a property list with tracks, declares entities, or is cut short.
    """
    text = ""
    while (begin := _TRACKS.search(text)) is None:
        piece = next(pieces, "")
        if not piece or len(text) > _LONGEST_HEAD:
            raise SourceSchemaError("it is not an XML property list with a dictionary of Tracks")
        text += piece
    if "<!ENTITY" in text[: begin.start()]:
        raise SourceSchemaError("it declares XML entities, but music libraries never do: export it again")
    at, number = begin.end(), 0
    while True:
        found = _TRACK.match(text, at)
        if found is None:
            if _END.match(text, at):
                return
            piece = next(pieces, "")
            if not piece or len(text) - at > LONGEST_TRACK + len(piece):
                raise SourceSchemaError(f"the file is damaged after track {number}: export it again")
            text, at = text[at:] + piece, 0
            continue
        number, at = number + 1, found.end()
        yield f"track {number}", _parse(found[1])


def _parse(text: str) -> dict[str, Any] | Damaged:
    try:
        value = plistlib.loads(_ALONE % text.encode("utf-8", "replace"), fmt=plistlib.FMT_XML)
    except (
        ExpatError,
        ValueError,
        OverflowError,
        plistlib.InvalidFileException,
        AttributeError,
        IndexError,
    ) as error:
        return Damaged(f"it is not a property list: {str(error)[:80]}")
    return value if isinstance(value, dict) else Damaged("it is not a dictionary")
