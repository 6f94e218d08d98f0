"""Say in plain words what is wrong with a request, and what to send instead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 60
_WANTED = {
    "missing": "required, and missing",
    "extra_forbidden": "no such field; check its spelling, or leave it out",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "finite_number": "must be a finite number",
    "timezone_aware": "must name its time zone at the end, as in 2026-11-21T12:00:00Z",
    "model_type": "must be an object, as in {…}",
    "model_attributes_type": "must be an object, as in {…}",
}
"""What to send, by Pydantic's name of the fault."""

_LIMIT = {
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than_equal": ("le", "must be {} or less"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than": ("lt", "must be less than {}"),
    "enum": ("expected", "must be {}"),
    "literal_error": ("expected", "must be {}"),
    "datetime_parsing": ("error", "must be a time as in 2026-11-21T12:00:00Z ({})"),
    "datetime_from_date_parsing": ("error", "must be a time as in 2026-11-21T12:00:00Z ({})"),
}
"""The same where a limit is told: its name among what Pydantic says of the fault."""


def say_what_is_wrong(faults: Sequence[Any], body: object, example: object = None) -> str:
    """Tell every fault that Pydantic found in ``body``: the place, what it must be, and what it is.

    Parameters
    ----------
    faults : sequence of dict
        Pydantic's, each with ``loc`` inside ``body``.
    example : object, optional
        A request that is right, to show where a field is missing.
    """
    told = "; ".join(dict.fromkeys(_sentence(fault, body) for fault in faults))
    if example is None or all(fault["type"] != "missing" for fault in faults):
        return told
    return f"{told}. Send for example {json.dumps(example, ensure_ascii=False)}"


def _sentence(fault: Any, body: object) -> str:
    place, wanted = _place(fault["loc"], body), _wanted(fault)
    if fault["type"] in {"missing", "extra_forbidden"}:
        return f"{place}: {wanted}"
    try:
        found = json.dumps(fault["input"])
    except (TypeError, ValueError):  # a program may send what JSON cannot
        found = repr(fault["input"])
    return f"{place}: {wanted}, got {found if len(found) <= _SHOWN else f'{found[:_SHOWN]}…'}"


def _place(loc: Sequence[int | str], body: object) -> str:
    """Name a place as far as the caller wrote it: one id instead of a list of them has no place 0."""
    parts: list[str] = []
    for part in loc:
        if isinstance(part, int) and not isinstance(body, (list, tuple)):
            continue
        if isinstance(part, str) and part.startswith("("):  # names a member of a union, not a field
            continue
        parts.append(str(part))
        if isinstance(part, int) and isinstance(body, (list, tuple)):
            body = body[part] if part < len(body) else None
        else:
            body = body.get(part) if isinstance(body, dict) else None
    return ".".join(parts) or "body"


def _wanted(fault: Any) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in _WANTED:
        return _WANTED[kind]
    if kind in _LIMIT:
        name, words = _LIMIT[kind]
        return words.format(_plain(context[name]))
    unit = "character" if isinstance(fault["input"], str) else "item"
    if kind in {"too_short", "string_too_short"}:
        return f"must have {_counted(context['min_length'], unit)} or more"
    if kind in {"too_long", "string_too_long"}:
        return f"must have {_counted(context['max_length'], unit)} or fewer"
    return str(fault["msg"]).removeprefix("Value error, ")  # before the words of our own validators


def _counted(n: int, unit: str) -> str:
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def _plain(limit: object) -> str:
    return f"{limit:.15g}" if isinstance(limit, float) else str(limit)
