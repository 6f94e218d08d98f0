"""Packages with compiled solvers: which one is not available, and what to install."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def importing(package: str) -> Iterator[None]:
    """Say what to install where a package cannot be imported: slim container images lack system libraries.

    Raises
    ------
    ConfigError
        The package, or a system library that it needs, is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(package, "it is not installed: pip install 'segue[training]'.") from error
    except ImportError as error:
        remedy = "apt-get install libgomp1" if "libgomp" in str(error) else "install what it names"
        raise ConfigError(package, f"it is not available ({error}): {remedy}.") from error
