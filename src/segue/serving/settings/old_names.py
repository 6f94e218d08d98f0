"""Variables of systems that Segue replaces: read by commands where Segue's own are not set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from segue.serving.api.tier import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIERS = {"basic": Tier.FREE, "full": Tier.PRO} | {tier.value: tier for tier in Tier}


class Translated(NamedTuple):
    """Segue's variables with the values that older ones give them, and a line for each that was found."""

    values: dict[str, str]
    lines: list[str]


class _OldName(NamedTuple):
    name: str
    new: tuple[str, ...]
    """Segue's own, of which the first takes the value; where one of them is set the old name is not read."""

    read: Callable[[str], str]
    """Returns the value for Segue, or an empty text for one that Segue cannot use."""

    otherwise: str

    unusable: str = ""
    """The value for Segue where the old one cannot be used; without it Segue's default counts."""


def _database(url: str) -> str:
    if found := re.fullmatch(r"sqlite(?:\+\w+)?:///(.+)", url):
        return found[1]
    found = re.fullmatch(r"postgres(?:ql)?(?:\+\w+)?(://.+)", url)
    return f"postgresql{found[1]}" if found else ""


def _folder(place: str) -> str:
    return place if place.startswith("s3://") or Path(place).is_dir() else ""


_OLD_NAMES = (
    _OldName(
        "DATABASE_URL",
        ("SEGUE_STORE", "SEGUE_STORE_SECRET"),
        _database,
        "set SEGUE_STORE to an SQLite file or a postgresql:// URL",
        unusable="database-url://",  # nothing reads that: the sample store would answer for the caller's
    ),
    _OldName(
        "MODEL_TIER",
        ("SEGUE_DEFAULT_TIER",),
        lambda name: str(_TIERS.get(name.strip().lower(), "")),
        f"set SEGUE_DEFAULT_TIER to {', '.join(Tier)}; basic and full are read too",
    ),
    _OldName(
        "MODELO_GENERO_ENTRENADO",
        ("SEGUE_ARTIFACTS",),
        _folder,
        "a pickled model is never loaded. Train one with `segue train genre-preference`; "
        "SEGUE_ARTIFACTS names the folder that keeps it",
    ),
)


def translate(environment: Mapping[str, str]) -> Translated:
    """Return what an environment's older variables mean; no line shows a value, which may be a secret."""
    values: dict[str, str] = {}
    lines: list[str] = []
    for old in _OLD_NAMES:
        given = environment.get(old.name)
        if not given or any(environment.get(name) for name in old.new):
            continue
        value = old.read(given)
        if value or old.unusable:
            values[old.new[0]] = value or old.unusable
        said = f"is read as {old.new[0]}: set that instead" if value else f"is not read: {old.otherwise}"
        lines.append(f"{old.name} {said}.")
    return Translated(values, lines)
