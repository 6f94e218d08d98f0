"""Error messages for files that a command writes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from segue.errors import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn an OSError into a SourceUnavailableError that names the file and the remedy."""
    try:
        yield
    except OSError as error:
        raise SourceUnavailableError(
            f"{path} cannot be written ({error.strerror or error}): name another file."
        ) from error
