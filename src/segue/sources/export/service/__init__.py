"""Each module is one service and defines its `ExportFormat` as ``FORMAT``; a new format is a new module."""

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
"""All export formats by name."""


def find_format(name: str) -> ExportFormat:
    """Return the export format with a name.

    Raises
    ------
    InvalidInputError
        There is no such format; the message lists the names.
    """
    if name not in FORMATS:
        raise InvalidInputError(f"format: must be one of {', '.join(FORMATS)}, got {name[:40]!r}.")
    return FORMATS[name]
