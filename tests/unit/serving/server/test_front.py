"""A server's front: what is logged of an answer, what is shed, and at which addresses it answers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from segue.errors import ConfigError
from segue.serving.api.http import http_api, local_api, server_url
from segue.serving.server.front import Front
from segue.serving.settings.environment import web_settings

ORIGIN = "https://shop.example"


def api() -> Any:
    made = http_api("test")
    link = server_url()

    @made.get("/health")
    async def health() -> str:
        return "ok"

    @made.get("/profile/{user_id}")
    async def profile(user_id: str) -> str:
        return user_id

    @made.post("/link")
    async def linked(url: str = link) -> str:
        return url

    @made.get("/broken")
    async def broken() -> str:
        raise ZeroDivisionError

    return local_api([made])


def test_every_answer_is_one_line_without_the_ids_of_its_path() -> None:
    log: list[str] = []
    client = TestClient(Front(api(), 64, log.append))
    for path in ("/health", "/profile/alice", "/alice"):
        client.get(path)
    assert [re.sub(r"^\S+ | \d+ ms$", "", line) for line in log] == [
        "GET /health 200",
        "GET /profile/{user_id} 200",
        "GET (no route) 404",
    ]


async def statuses(front: Front, n: int) -> list[tuple[int, bool]]:
    async def ask() -> tuple[int, bool]:
        starts: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            starts.extend([message] if message["type"] == "http.response.start" else [])

        scope = {"type": "http", "method": "GET", "path": "/health", "headers": [], "query_string": b"",
                 "root_path": "", "scheme": "http", "server": ("127.0.0.1", 80)}  # fmt: skip
        await front(scope, receive, send)
        return starts[0]["status"], b"retry-after" in dict(starts[0]["headers"])

    return list(await asyncio.gather(*(ask() for _ in range(n))))


def test_what_comes_beyond_the_bound_is_refused_and_the_rest_answered() -> None:
    log: list[str] = []
    front = Front(api(), 5, log.append)
    for _ in range(2):  # what was answered counts no more
        found = asyncio.run(statuses(front, 12))
        assert found == [(200, False)] * 5 + [(503, True)] * 7
    assert sum("GET (busy) 503" in line for line in log) == 14


@pytest.mark.parametrize(("origins", "allowed"), [(ORIGIN, ORIGIN), ("", None)])
def test_a_page_reads_that_the_server_is_busy(
    origins: str, allowed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_CORS_ORIGINS", origins)
    answer = TestClient(Front(api(), 0)).get("/health", headers={"origin": ORIGIN})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers.get("access-control-allow-origin") == allowed


def test_links_name_the_setting_or_the_servers_own_address_and_never_the_host_header(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = {"host": "evil.example"}
    own = TestClient(api(), base_url="http://127.0.0.1:8000")
    assert own.post("/link", headers=host).json() == "http://127.0.0.1:8000"
    monkeypatch.setenv("SEGUE_PUBLIC_URL", "https://api.shop.example/music/")
    assert own.__class__(api()).post("/link", headers=host).json() == "https://api.shop.example/music"


@pytest.mark.parametrize("base", ["/music", "music/", "/api/music"])
def test_routes_answer_below_the_base_path_and_without_it(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_BASE_PATH", base)
    client = TestClient(api())
    path = f"/{base.strip('/')}"
    assert [client.get(f"{prefix}/health").status_code for prefix in (path, "", "/other")] == [200, 200, 404]
    for front_page in (path, f"{path}/"):
        assert client.get(front_page).json()["health"] == f"{path}/health"
    assert client.get(f"{path}/openapi.json").json()["servers"][0]["url"] == path
    assert client.post(f"{path}/link").json().endswith(path)


def test_a_page_of_a_named_origin_may_call_every_route(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"origin": ORIGIN, "access-control-request-method": "POST",
             "access-control-request-headers": "content-type,x-api-key"}  # fmt: skip
    assert "access-control-allow-origin" not in TestClient(api()).get("/health", headers=asked).headers
    monkeypatch.setenv("SEGUE_CORS_ORIGINS", f"{ORIGIN}, https://other.example")
    client = TestClient(api())
    for path in ("/link", "/health", "/profile/1"):
        preflight = client.options(path, headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
    refused = client.post("/nowhere", headers={"origin": ORIGIN})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (404, ORIGIN)
    broken = TestClient(api(), raise_server_exceptions=False).get("/broken", headers={"origin": ORIGIN})
    assert (broken.status_code, broken.json()["code"]) == (500, "internal")
    assert broken.headers["access-control-allow-origin"] == ORIGIN
    stranger = client.options("/link", headers=asked | {"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers


def test_the_front_page_says_what_this_is() -> None:
    page = TestClient(api()).get("/").json()
    assert (page["service"], page["documentation"], page["health"]) == ("Segue", "/docs", "/health")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEGUE_BASE_PATH", "/mu sic"),
        ("SEGUE_BASE_PATH", "https://shop.example"),
        ("SEGUE_PUBLIC_URL", "shop.example"),
        ("SEGUE_PUBLIC_URL", "https://shop.example/?a=b"),
        ("SEGUE_CORS_ORIGINS", "https://shop.example/page"),
        ("SEGUE_CORS_ORIGINS", "https://shop.example, shop"),
    ],
)
def test_a_setting_that_is_no_address_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        web_settings({name: value})
