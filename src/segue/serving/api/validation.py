"""Describe the faults of a request in plain words, and what to send instead."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 60
"""Maximum number of characters quoted from a refused value."""

_MOST_REPORTED = 10
_MOST_BYTES = 2000
"""Maximum size of an answer's detail."""

_FOR_EXAMPLE = 400
"""Bytes of the detail that are reserved for an example and the number of omitted faults."""

_OUR_NAME = re.compile(r"[a-z_]{1,40}|\(unknown\)")
_AS_JSON = json.JSONEncoder(default=repr, skipkeys=True)
_WANTED = {
    "missing": "required, and missing",
    "extra_forbidden": "no such field; check its spelling, or leave it out",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "finite_number": "must be a finite number",
    "timezone_aware": "must name its time zone at the end, as in 2026-11-21T12:00:00Z",
    "model_type": "must be an object, as in {…}",
    "model_attributes_type": "must be an object, as in {…}",
}
"""Text by Pydantic's name of the fault."""

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
"""Name of the limit in Pydantic's context of the fault, and text that contains the limit."""


def say_what_is_wrong(faults: Sequence[Any], body: object, example: object = None, *, after: int = 0) -> str:
    """Describe the faults that Pydantic found in ``body``: the place, what is wanted, and what was sent.

    Parameters
    ----------
    faults : sequence of dict
        Pydantic's faults, each with its place, ``loc``.
    example : object, optional
        A valid request, which is quoted if a field is missing.
    after : int
        Number of parts of each place that come before the place inside ``body``.
    """
    sentences: list[str] = []
    room = _MOST_BYTES - _FOR_EXAMPLE
    for place, fault in enumerate(faults):
        sentence = _sentence(fault, body, after)
        if sentence in sentences:  # members of a union often give the same sentence
            continue
        if sentences and (len(sentences) == _MOST_REPORTED or len(sentence) > room):
            sentences.append(f"and {len(faults) - place} more")
            break
        sentences.append(sentence)
        room -= len(sentence)
    if example is None or all(fault["type"] != "missing" for fault in faults):
        return "; ".join(sentences)
    return f"{'; '.join(sentences)}. Send for example {json.dumps(example, ensure_ascii=False)}"


def name_faults(faults: Sequence[Any]) -> list[str]:
    """Return the places and kinds of the first faults for the log, without any text of the caller."""
    named: dict[str, None] = {}
    for fault in faults:
        parts = [str(part) for part in fault["loc"] if isinstance(part, int) or not part.startswith("(")]
        if fault["type"] == "extra_forbidden":
            parts[-1] = "(unknown)"
        ours = ["*" if part.isdigit() else part if _OUR_NAME.fullmatch(part) else "(other)" for part in parts]
        named[f"{'.'.join(ours)}: {fault['type']}"] = None
        if len(named) == _MOST_REPORTED:
            break
    return list(named)


def shortened(text: str, most_bytes: int = _MOST_BYTES) -> str:
    """Return a text cut to ``most_bytes`` bytes in UTF-8, with an ellipsis if it was cut.

    Half a surrogate pair, which UTF-8 cannot encode, is escaped as in JSON.
    """
    encoded = text.encode(errors="backslashreplace")
    return encoded[:most_bytes].decode(errors="ignore") + ("…" if len(encoded) > most_bytes else "")


def _sentence(fault: Any, body: object, after: int) -> str:
    place, wanted = shortened(_place(fault["loc"][after:], body), 2 * _SHOWN), _wanted(fault)
    if fault["type"] in {"missing", "extra_forbidden"}:
        return f"{place}: {wanted}"
    return f"{place}: {wanted}, got {_shown(fault['input'])}"


def _shown(value: object) -> str:
    """Write the beginning of a value as JSON; the rest is not encoded."""
    text = ""
    for piece in _AS_JSON.iterencode(value):
        text += piece
        if len(text) > _SHOWN:
            return f"{text[:_SHOWN]}…"
    return text


def _place(loc: Sequence[int | str], body: object) -> str:
    """Name a place as the caller wrote it; a single id that was made a list has no place 0."""
    parts: list[str] = []
    for part in loc:
        if isinstance(part, int) and not isinstance(body, (list, tuple)):
            continue
        if isinstance(part, str) and part.startswith("("):  # the name of a member of a union
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
    return str(fault["msg"]).removeprefix("Value error, ")  # Pydantic's prefix to our own messages


def _counted(n: int, unit: str) -> str:
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def _plain(limit: object) -> str:
    return f"{limit:.15g}" if isinstance(limit, float) else str(limit)
