"""The model families: a folder a kind, in it a module a family, which declares its `Member` as ``MEMBER``.

The modules next to the folders are shared by several families.
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES: Mapping[str, str] = {
    each.name.replace("_", "-"): f"{__name__}.{kind.name}.{each.name}"
    for kind in pkgutil.iter_modules(__path__)
    if kind.ispkg
    for each in pkgutil.iter_modules([f"{place}/{kind.name}" for place in __path__])
}
"""The module of every family that a hybrid may pin; listing them imports none, and so needs no numpy."""
