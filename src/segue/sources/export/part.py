"""Finds the files of an export: files, folders, and what is in a zip; names in a zip are never paths here."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Self

from segue.errors import SourceSchemaError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_MEMBERS = 5_000
MOST_BYTES = 8 << 30
"""Of all files of one zip together, unpacked."""

MOST_RATIO = 250
"""How much larger than packed a large member may be: exports shrink to a tenth or a thirtieth."""

LARGE = 16 << 20
"""Bytes up to which a member may shrink by any ratio."""

_HEADER = 30
"""Bytes of the shortest header before a member."""

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
    def open(self, opened: OpenedZip | None = None) -> Iterator[Callable[[int], bytes]]:
        """Open for reading: a function of the number of bytes wanted.

        Parameters
        ----------
        opened : OpenedZip, optional
            Keeps the zip of this member open for the next one: its list of members is read once.

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
                    archive = (opened or stack.enter_context(OpenedZip())).open(self.path)
                    file = stack.enter_context(archive.open(self.member))  # type: ignore[assignment]
            except _UNREADABLE as error:
                raise SourceUnavailableError(_why(error)) from error
            yield _checked(file)


class OpenedZip:
    """The zip that was read last, kept open."""

    def __init__(self) -> None:
        self._path, self._zip = Path(), contextlib.ExitStack()
        self._archive: zipfile.ZipFile | None = None

    def open(self, path: Path) -> zipfile.ZipFile:
        """Return a zip, and close another one that is open."""
        if self._archive is None or path != self._path:
            self._zip.close()
            self._path, self._archive = path, self._zip.enter_context(zipfile.ZipFile(path))
        return self._archive

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


def find_parts(sources: Iterable[tuple[str, Path]], suffixes: tuple[str, ...]) -> Iterator[Part]:
    """Yield every file that is named, and those with one of ``suffixes`` in folders and zips, by name.

    A source is what people call it, and where it is. What cannot be read is a `Part` with its error, so that
    the others go on; folders that may not be looked into come after the files of theirs that may.
    """
    for name, path in sources:
        try:
            status = path.stat()
        except (OSError, ValueError) as error:
            yield Part(name, 0, given=True, error=_absent(error))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _folder(path, suffixes)
        elif _is_zip(path):
            yield from _zip(name, path, suffixes)
        else:
            yield Part(name, status.st_size, given=True, path=path)


def _folder(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Part]:
    closed: list[OSError] = []
    found = sorted(
        Path(inside, name)
        for inside, _, names in os.walk(folder, onerror=closed.append)
        for name in names
        if Path(name).suffix.lower() in {".zip", *suffixes} and not name.startswith(".")
    )
    for path in found:
        try:
            status = path.stat()
        except OSError as error:
            yield Part(str(path), 0, given=False, error=_absent(error))
            continue
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            continue
        if path.suffix.lower() == ".zip":
            yield from _zip(str(path), path, suffixes)
        else:
            yield Part(str(path), status.st_size, given=False, path=path)
    for each in closed:
        yield Part(str(each.filename), 0, given=False, error=_why(each))


def _absent(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return _why(error)
    return "there is no such file: check the path"


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
        nested = any(member.filename.lower().endswith(".zip") for member in members)
        lacks = f"it holds no {' or '.join(suffixes)} file"
        yield Part(shown, 0, given=True, error="it holds another zip: unpack it first" if nested else lacks)


def _refused(members: Sequence[zipfile.ZipInfo]) -> str:
    """Say why a zip is not opened; zipfile itself never unpacks more of a member than these sizes say."""
    if len(members) > MOST_MEMBERS:
        return f"it holds {len(members)} files, more than {MOST_MEMBERS}: give the files of the listens"
    if (total := sum(member.file_size for member in members)) > MOST_BYTES:
        return f"it unpacks to {total} bytes, more than {MOST_BYTES}: unpack it and give the files"
    for member in members:
        if member.file_size > max(LARGE, MOST_RATIO * member.compress_size):
            return (
                f"{_shown(member.filename)} unpacks to {member.file_size} bytes from {member.compress_size}, "
                f"more than {MOST_RATIO} times as much: it is no export"
            )
    by_place = sorted(members, key=lambda member: member.header_offset)
    for member, following in itertools.pairwise(by_place):
        if member.header_offset + _HEADER + member.compress_size > following.header_offset:
            return (
                f"{_shown(member.filename)} and {_shown(following.filename)} overlap in it: it is no export"
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
