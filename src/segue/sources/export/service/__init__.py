"""One module a service, with its `ExportFormat` as ``FORMAT``; a new format is one more module here."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.sources.export.format import ExportFormat

FORMATS: Mapping[str, ExportFormat] = {
    module.FORMAT.name: module.FORMAT
    for module in (import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
}
"""Every form of export by its name."""


def find_format(name: str) -> ExportFormat:
    """Return the form of export that has a name.

    Raises
    ------
    InvalidInputError
        There is none; the message lists the names.
    """
    if name not in FORMATS:
        raise InvalidInputError(f"format: must be one of {', '.join(FORMATS)}, got {name[:40]!r}.")
    return FORMATS[name]
