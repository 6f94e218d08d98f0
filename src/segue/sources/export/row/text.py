"""Decodes bytes of unknown encoding into text, piece by piece."""

from __future__ import annotations

import codecs
from itertools import chain
from typing import TYPE_CHECKING

from segue.errors import SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE_BYTES = 1 << 18
LONGEST_LINE = 1 << 17
"""Maximum number of characters of a line; the rest of a longer line is dropped."""

_GZIP = b"\x1f\x8b"
_SNIFFED = 200


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("segue-windows-1252", _as_windows)


def read_text(read: Callable[[int], bytes]) -> Iterator[str]:
    """Yield a file's text in pieces, decoded as UTF-8, UTF-16, or else Windows-1252.

    Raises
    ------
    SourceSchemaError
        The file is packed with gzip.
    """
    piece = read(PIECE_BYTES)
    if piece.startswith(_GZIP):
        raise SourceSchemaError("it is packed with gzip: unpack it first")
    utf16 = _utf16(piece)
    errors = "replace" if utf16 else "segue-windows-1252"
    decoder = codecs.getincrementaldecoder(utf16 or "utf-8-sig")(errors)
    while piece:
        if text := decoder.decode(piece):
            yield text
        piece = read(PIECE_BYTES)
    if text := decoder.decode(b"", final=True):
        yield text


def _utf16(piece: bytes) -> str:
    """Return the codec of UTF-16 text, found by its mark or its zero bytes; empty for other text."""
    if piece[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    head = piece[:_SNIFFED]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if 4 * max(even, odd) < len(head) or not head:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def read_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield every line without its end; memory is bounded by `LONGEST_LINE`.

    A single carriage return ends a line only if the text begins without a line feed.
    """
    head = ""
    while len(head) < LONGEST_LINE and (piece := next(pieces, "")):
        head += piece
    end = "\r" if "\r" in head and "\n" not in head else "\n"
    rest = ""
    for piece in chain([head], pieces):
        *whole, rest = (rest + piece).replace("\r\n", end).split(end)
        for line in whole:
            yield line[:LONGEST_LINE].rstrip("\r\n")
        rest = rest[: LONGEST_LINE + 1]
    if rest:
        yield rest[:LONGEST_LINE].rstrip("\r\n")
