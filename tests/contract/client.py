"""What tests ask the functions, as a client does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


def ask(client: TestClient, path: str, expect: int = 200, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == expect, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tracks(answer: dict[str, Any]) -> list[str]:
    return [item["track_id"] for item in answer.get("items", answer.get("tracks", []))]


def say(client: TestClient, user_id: str, event: str, track_id: str) -> None:
    ask(client, "/feedback", 202, user_id=user_id, event=event, track_id=track_id)
