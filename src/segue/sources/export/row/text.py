"""Turns bytes of unknown encoding into text, a piece at a time."""

from __future__ import annotations

import codecs
from itertools import chain
from typing import TYPE_CHECKING

from segue.errors import SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE_BYTES = 1 << 18
LONGEST_LINE = 1 << 17
"""Characters; of a longer line the rest is dropped."""

_GZIP = b"\x1f\x8b"
_SNIFFED = 200


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("segue-windows-1252", _as_windows)


def read_text(read: Callable[[int], bytes]) -> Iterator[str]:
    """Yield a file's text in pieces: UTF-8, UTF-16, and Windows-1252 for what is neither.

    Raises
    ------
    SourceSchemaError
        It is packed: unpack it.
    """
    piece = read(PIECE_BYTES)
    if piece.startswith(_GZIP):
        raise SourceSchemaError("it is packed with gzip, and must be unpacked first")
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
    """Tell UTF-16 by its mark, else by the zeros that half of its bytes are where letters are Latin."""
    if piece[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    head = piece[:_SNIFFED]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if 4 * max(even, odd) < len(head) or not head:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def read_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield every line without its end; a line without end takes no more memory than `LONGEST_LINE`.

    A carriage return alone ends a line if the text begins without a line feed; else it stays in its line.
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
