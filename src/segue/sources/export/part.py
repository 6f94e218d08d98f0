"""Finds the files of an export: files, folders, and what is in a zip; names in a zip are never paths here."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from segue.errors import SourceSchemaError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_MEMBERS = 5_000
MOST_BYTES = 8 << 30
"""Of all files of one zip together, unpacked."""

MOST_RATIO = 250
"""How much larger than packed a large member may be: exports shrink to a tenth or a thirtieth."""

_LARGE = 16 << 20
"""Bytes up to which a member may shrink by any ratio."""

_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""What zipfile raises for a member that is damaged, encrypted, or packed in a way it does not know."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file that may hold listens.

    Attributes
    ----------
    name : str
        For people: the path as given, and the member's name behind that of its zip.
    size : int
        Bytes, unpacked.
    given : bool
        Named by the caller; else found in a folder or zip among files that may be something else.
    error : str
        Why it cannot be read; empty where it can.
    """

    name: str
    size: int
    given: bool
    error: str = ""
    path: Path = Path()
    member: zipfile.ZipInfo | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator[Callable[[int], bytes]]:
        """Open for reading: a function of the number of bytes wanted.

        Raises
        ------
        SourceUnavailableError
            It cannot be opened.
        SourceSchemaError
            Its zip is damaged; also while it is read.
        """
        if self.error:
            raise SourceSchemaError(self.error)
        with contextlib.ExitStack() as stack:
            try:
                if self.member is None:
                    file: BinaryIO = stack.enter_context(self.path.open("rb"))
                else:
                    archive = stack.enter_context(zipfile.ZipFile(self.path))
                    file = stack.enter_context(archive.open(self.member))  # type: ignore[assignment]
            except _UNREADABLE as error:
                raise SourceUnavailableError(_why(error)) from error
            yield _checked(file)


def find_parts(sources: Iterable[tuple[str, Path]], suffixes: tuple[str, ...]) -> Iterator[Part]:
    """Yield every file that is named, and those with one of ``suffixes`` in folders and zips, by name.

    A source is what people call it, and where it is. What cannot be read is a `Part` with its error, so that
    the others go on.
    """
    for name, path in sources:
        if path.is_dir():
            for found in sorted(each for each in path.rglob("*") if each.is_file()):
                if found.suffix.lower() == ".zip":
                    yield from _zip(str(found), found, suffixes)
                elif found.suffix.lower() in suffixes and not found.name.startswith("."):
                    yield Part(str(found), found.stat().st_size, given=False, path=found)
        elif not path.exists():
            yield Part(name, 0, given=True, error="there is no such file: check the path")
        elif _is_zip(path):
            yield from _zip(name, path, suffixes)
        else:
            yield Part(name, path.stat().st_size, given=True, path=path)


def _is_zip(path: Path) -> bool:
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False  # opening it as a file says why


def _zip(shown: str, path: Path, suffixes: tuple[str, ...]) -> Iterator[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except _UNREADABLE as error:
        yield Part(shown, 0, given=True, error=_why(error))
        return
    if problem := _refused(members):
        yield Part(shown, 0, given=True, error=problem)
        return
    found = False
    for member in sorted(members, key=lambda each: each.filename):
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or name.suffix.lower() not in suffixes or "__MACOSX" in name.parts:
            continue
        found = True
        yield Part(f"{shown}/{_shown(str(name))}", member.file_size, given=False, path=path, member=member)
    if not found:
        yield Part(shown, 0, given=True, error=f"it holds no {' or '.join(suffixes)} file")


def _refused(members: Sequence[zipfile.ZipInfo]) -> str:
    """Say why a zip is not opened; zipfile itself never unpacks more of a member than these sizes say."""
    if len(members) > MOST_MEMBERS:
        return f"it holds {len(members)} files, more than {MOST_MEMBERS}: give the files of the listens"
    if (total := sum(member.file_size for member in members)) > MOST_BYTES:
        return f"it unpacks to {total} bytes, more than {MOST_BYTES}: unpack it and give the files"
    for member in members:
        if member.file_size > max(_LARGE, MOST_RATIO * member.compress_size):
            return (
                f"{_shown(member.filename)} unpacks to {member.file_size} bytes from {member.compress_size}, "
                f"more than {MOST_RATIO} times as much: it is no export"
            )
    return ""


def _checked(file: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return file.read(size)
        except _UNREADABLE as error:
            raise SourceSchemaError(_why(error)) from error

    return read


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)[:200]


def _why(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "it is encrypted: unpack it and give the files"
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror or error})"
    return f"it is no whole zip file ({error}): download it again"
