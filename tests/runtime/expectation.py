"""What each event of events/ must be answered with, by the store of `music_store` and `small_recommender`.

expected.json maps ``function/case`` to the status and to what the body holds: ``body`` (these fields;
``exact``: no others), ``contains`` (text within a field), ``names`` (fields that must be there). What is no
JSON names its ``media_type`` and ``text`` that it must hold.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
EVENTS = _HERE.parents[1] / "events"
TIERS = "k3y1d=starter,pr0k3y=pro"
"""SEGUE_KEY_TIERS for the events: the first is the key that most of them are sent with; others are free."""
CURSOR_KEYS = f"ours:{'5e' * 32}"
EXPECTED: dict[str, dict[str, Any]] = json.loads((_HERE / "expected.json").read_text(encoding="utf-8"))


def read_event(case: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{case}.json").read_text(encoding="utf-8"))
    return event


def check_answer(case: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Hold an API Gateway answer to its expectation; returns the body."""
    expected = EXPECTED[case]
    assert answer.get("statusCode") == expected["status"], answer
    # The API declares no binary media types: API Gateway would hand the caller the base64 text itself.
    assert not answer["isBase64Encoded"], answer["headers"]
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    usual = "application/json" if expected["status"] < 400 else "application/problem+json"
    media_type = expected.get("media_type", usual)
    assert headers["content-type"].split(";")[0] == media_type
    if media_type != usual:
        assert [text for text in expected["text"] if text not in answer["body"]] == []
        return {}
    body: dict[str, Any] = json.loads(answer["body"])
    fields = expected.get("body", {})
    assert body == fields if expected.get("exact") else fields.items() <= body.items(), body
    for name, text in expected.get("contains", {}).items():
        assert text in body[name], body
    assert set(expected.get("names", ())) <= body.keys()
    return body
