"""Turns bytes of unknown encoding into text, a piece at a time."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE_BYTES = 1 << 18
LONGEST_LINE = 1 << 17
"""Characters; of a longer line the rest is dropped."""


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("segue-windows-1252", _as_windows)


def read_text(read: Callable[[int], bytes]) -> Iterator[str]:
    """Yield a file's text in pieces: UTF-8, UTF-16 by its mark, and Windows-1252 for what is neither."""
    piece = read(PIECE_BYTES)
    utf16 = piece[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    errors = "replace" if utf16 else "segue-windows-1252"
    decoder = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8-sig")(errors)
    while piece:
        if text := decoder.decode(piece):
            yield text
        piece = read(PIECE_BYTES)
    if text := decoder.decode(b"", final=True):
        yield text


def read_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield every line without its end; a line without end takes no more memory than `LONGEST_LINE`."""
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece.replace("\r\n", "\n")).split("\n")
        for line in whole:
            yield line[:LONGEST_LINE].rstrip("\r")
        rest = rest[: LONGEST_LINE + 1]
    if rest:
        yield rest[:LONGEST_LINE].rstrip("\r")
