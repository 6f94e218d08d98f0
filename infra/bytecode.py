"""Compile a bundle or layer with the Lambda runtime's own Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = "3.13"


def runtime_python() -> Path | None:
    """Return an interpreter of the runtime's version, or None when none is at hand."""
    # A name proves nothing: a version manager's shim is called python3.13 and may run nothing at all.
    for candidate in _candidates():
        if _output([candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]) == RUNTIME:
            return Path(candidate)
    return None


def _candidates() -> Iterator[str]:
    """Name interpreters, pyenv's own before its shim, which takes longest to say that it runs nothing."""
    if pyenv := shutil.which("pyenv"):
        for name in _output([pyenv, "versions", "--bare", "--skip-aliases"]).split():
            if name.startswith(f"{RUNTIME}."):
                yield f"{_output([pyenv, 'prefix', name])}/bin/python{RUNTIME}"
    if found := shutil.which(f"python{RUNTIME}"):
        yield found


def compile_tree(folder: Path, mounted_at: str) -> None:
    """Write .pyc files next to the sources, or say on stderr why there are none.

    Parameters
    ----------
    folder : Path
        What Lambda will unpack.
    mounted_at : str
        Where it will be unpacked: tracebacks then name files of the function, not of the build machine.
    """
    python = runtime_python()
    if python is None:
        sys.stderr.write(
            f"NOTICE: no Python {RUNTIME} at hand: {folder} carries no .pyc files and imports 2 to 3 times "
            f"slower; install one (`uv python install {RUNTIME}`) and build again.\n"
        )
        return
    # The folder is read-only on Lambda and its clock is not ours: never check the source's time stamp.
    # pyc files of the same source are then the same bytes, and an unchanged bundle is not deployed again.
    flags = ["-q", "-j0", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", mounted_at]
    subprocess.run([python, "-m", "compileall", *flags, str(folder)], check=True)  # noqa: S603


def _output(command: list[str]) -> str:
    """Return what a command printed; empty when it failed or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    # For make: the interpreter to test on as well, nothing where this one is of that version or none is.
    other = runtime_python()
    if other and f"{sys.version_info.major}.{sys.version_info.minor}" != RUNTIME:
        sys.stdout.write(f"{other}\n")
