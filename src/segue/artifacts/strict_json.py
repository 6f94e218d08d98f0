"""JSON from a store, read so that whatever lies there is a value or one kind of error."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 64
"""Lists and objects within each other. What Segue writes has six; a thousand would exhaust Python's stack."""


def parse_json(body: bytes) -> Any:
    """Parse JSON as Segue writes it.

    Raises
    ------
    ValueError
        It is no UTF-8 or no JSON, nests deeper than `MAX_DEPTH`, names a key twice, or holds a number that is
        not finite or text with a lone surrogate, which cannot be written again.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite
        )
    except RecursionError:
        raise ValueError("it nests too deep") from None
    _check(value)
    return value


def texts(raw: object) -> tuple[str, ...]:
    """Return a list of texts as a tuple; TypeError if it is none."""
    if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
        raise TypeError(f"{repr(raw)[:40]} is no list of texts")
    return tuple(raw)


def number(raw: object) -> float:
    """Return a number; TypeError if it is none, or true or false."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise TypeError(f"{repr(raw)[:40]} is no number")
    return float(raw)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object names a key twice")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large")
    return value


def _check(value: object) -> None:
    level: Iterable[object] = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below += each
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, str):
                each.encode()  # UnicodeEncodeError, a ValueError, for a lone surrogate
        if not below:
            return
        level = below
    raise ValueError(f"it nests deeper than {MAX_DEPTH} levels")
