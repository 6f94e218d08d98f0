"""Debian packages that tests want: which are missing, how to install them, and the skip that says so.

``python -m tests.system_package`` prints what is missing. The list is ``requirements/debian.list``.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

LIST = Path(__file__).parents[1] / "requirements" / "debian.list"


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """A Debian package, the program or shared library that it brings, and what wants it."""

    name: str
    brings: str
    purpose: str

    def is_missing(self) -> bool:
        """Tell whether this machine lacks what the package brings."""
        if ".so" not in self.brings:
            return shutil.which(self.brings) is None
        try:
            ctypes.CDLL(self.brings)
        except OSError:
            return True
        return False

    def __str__(self) -> str:
        return f"{self.brings} is missing ({self.purpose}): install the Debian package {self.name}"


def read_packages() -> dict[str, SystemPackage]:
    """Return the packages of the list, by name."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=2) for line in lines if line and not line.startswith("#")]
    return {name: SystemPackage(name, brings, purpose) for name, brings, purpose in rows}


def require(name: str) -> None:
    """Skip the test that calls this, unless the package is installed."""
    package = read_packages()[name]
    if package.is_missing():
        pytest.skip(str(package))


if __name__ == "__main__":
    missing = [package for package in read_packages().values() if package.is_missing()]
    for package in missing:
        sys.stdout.write(f"{package}\n")
    if missing:
        sys.stdout.write("Tests that need them are skipped. `make system` installs them (Debian, as root).\n")
