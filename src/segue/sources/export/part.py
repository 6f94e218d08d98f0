"""Finds the files of an export in files, folders and zips. Names in a zip are never used as paths."""

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
from segue.sources.export.left_out import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_MEMBERS = 5_000
"""Maximum number of files in one zip."""

MOST_BYTES = 8 << 30
"""Maximum unpacked bytes of all files in one zip together."""

MOST_RATIO = 250
"""Maximum ratio of unpacked to packed bytes for a large member; exports reach 10 to 30."""

LARGE = 16 << 20
"""Bytes up to which a member may have any ratio."""

_HEADER = 30
"""Bytes of the shortest header before a member."""

_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""Errors of zipfile for a member that is damaged, encrypted, or packed by an unknown method."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file that may hold listens.

    Attributes
    ----------
    name : str
        Name for people: the path as given; for a member, the path of the zip and the member's name.
    size : int
        Unpacked bytes.
    given : bool
        Whether the caller named the file. A file found in a folder or zip may be something else.
    error : str
        Why it cannot be read; empty if it can.
    """

    name: str
    size: int
    given: bool
    error: str = ""
    path: Path = Path()
    member: zipfile.ZipInfo | None = None

    @contextlib.contextmanager
    def open(self, opened: OpenedZip | None = None) -> Iterator[Callable[[int], bytes]]:
        """Open for reading: yield a function that reads a number of bytes.

        Parameters
        ----------
        opened : OpenedZip, optional
            Keeps the zip open for its next member, so its list of members is read only once.

        Raises
        ------
        SourceUnavailableError
            The file cannot be opened.
        SourceSchemaError
            The zip is damaged; the yielded function raises this too.
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
    """Keeps the last zip open."""

    def __init__(self) -> None:
        self._path, self._zip = Path(), contextlib.ExitStack()
        self._archive: zipfile.ZipFile | None = None

    def open(self, path: Path) -> zipfile.ZipFile:
        """Return a zip, and close the previous one if it is another."""
        if self._archive is None or path != self._path:
            self._zip.close()
            self._path, self._archive = path, self._zip.enter_context(zipfile.ZipFile(path))
        return self._archive

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


def find_parts(sources: Iterable[tuple[str, Path]], suffixes: tuple[str, ...]) -> Iterator[Part]:
    """Yield every named file, and the files with one of ``suffixes`` in folders and zips, sorted by name.

    A source is a name for people and a path. A file that cannot be read becomes a `Part` with an error, so
    that the others are read. Folders that cannot be read come after the files of their parent.
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
    paths = sorted(
        Path(inside, name)
        for inside, _, names in os.walk(folder, onerror=closed.append)
        for name in names
        if Path(name).suffix.lower() in {".zip", *suffixes} and not name.startswith(".")
    )
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            yield Part(str(path), 0, given=False, error=_absent(error))
            continue
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would block forever
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
        return False  # opening it as a file reports the error


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
    is_empty = True
    for member in sorted(members, key=lambda each: each.filename):
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or name.suffix.lower() not in suffixes or "__MACOSX" in name.parts:
            continue
        is_empty = False
        yield Part(f"{shown}/{_shown(str(name))}", member.file_size, given=False, path=path, member=member)
    if is_empty:
        nested = any(member.filename.lower().endswith(".zip") for member in members)
        lacks = f"it holds no {' or '.join(suffixes)} file"
        yield Part(shown, 0, given=True, error="it holds another zip: unpack it first" if nested else lacks)


def _refused(members: Sequence[zipfile.ZipInfo]) -> str:
    """Return why a zip is refused, else an empty text; zipfile unpacks no more than these sizes."""
    if len(members) > MOST_MEMBERS:
        return f"it holds {len(members)} files, more than {MOST_MEMBERS}: give the files of the listens"
    if (total := sum(member.file_size for member in members)) > MOST_BYTES:
        return f"it unpacks to {total} bytes, more than {MOST_BYTES}: unpack it and give the files"
    for member in members:
        if member.file_size > max(LARGE, MOST_RATIO * member.compress_size):
            return (
                f"{_shown(member.filename)} unpacks to {member.file_size} bytes from {member.compress_size}, "
                f"more than {MOST_RATIO} times as much: it is not an export"
            )
    by_place = sorted(members, key=lambda member: member.header_offset)
    for member, following in itertools.pairwise(by_place):
        if member.header_offset + _HEADER + member.compress_size > following.header_offset:
            return f"{_shown(member.filename)} and {_shown(following.filename)} overlap: it is not an export"
    return ""


def _checked(file: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return file.read(size)
        except _UNREADABLE as error:
            raise SourceSchemaError(_why(error)) from error

    return read


def _shown(name: str) -> str:
    return printable(name)[:200]


def _why(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "it is encrypted: unpack it and give the files"
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror or error})"
    return f"it is not a complete zip file ({error}): download it again"
