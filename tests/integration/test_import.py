"""An own history through the server, as its owner would: announce, upload, look, and be recommended to."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from segue.state.location import open_state
from tests.integration.server import serving
from tests.runtime.music_store import write_store
from tests.small_recommender import catalogue
from tests.unit.sources.export.exports import extended

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_recommender import Trained


USER = "new/one"
"""An id with a slash is an id in a body, and percent-encoded in an address."""


def send(method: str, url: str, body: bytes | None = None, kind: str = "application/json") -> Any:
    headers = {"content-type": kind} if body is not None else {}
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def test_an_upload_counts_in_the_next_recommendation(tmp_path: Path, trained: Trained) -> None:
    store = write_store(tmp_path / "store.sqlite")
    tracks = catalogue()
    rows = [
        extended(f"2026-01-{place + 1:02}T12:05:37Z", tracks.artists.of(place)[0], tracks.name[place])
        for place in range(10)
    ]
    body = json.dumps(rows).encode()
    with serving(tmp_path, "--store", str(store), "--artifacts", str(trained.folder)) as url:
        request = {
            "user_id": USER,
            "format": "spotify",
            "file_name": "endsong_0.json",
            "size_bytes": len(body),
        }
        started = send("POST", f"{url}/import", json.dumps(request).encode())
        assert started["upload"]["url"].startswith(url)
        assert send("GET", f"{url}/import/{started['import_id']}")["state"] == "waiting"
        send(started["upload"]["method"], started["upload"]["url"], body, "application/octet-stream")
        for _ in range(100):
            found = send("GET", f"{url}/import/{started['import_id']}")
            if found["state"] not in {"waiting", "running"}:
                break
            time.sleep(0.1)
        assert (found["state"], found["report"]["matched"], found["report"]["new"]) == ("done", 10, 10)
        answer = send("POST", f"{url}/recommend/user", json.dumps({"user_id": USER, "limit": 5}).encode())
        assert answer["answered_by"] == "hybrid"
        heard = {
            event.track_id
            for event in open_state(str(tmp_path / "var/state.sqlite")).read_listener(USER).events
        }
        assert not heard & {item["track_id"] for item in answer["items"]}
        profile = send("POST", f"{url}/taste-profile/{quote(USER, safe='')}", b"{}")
        assert profile["user_id"] == USER
        assert profile["genres"]
    assert list((tmp_path / "var" / "uploads" / "uploads").glob("*")) == []
