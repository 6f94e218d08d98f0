"""The HTTP contract: every event through its handler, and the described API against its snapshot.

``python -m tests.contract.test_api`` writes the snapshot anew.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.runtime.expectation import CURSOR_KEYS, EXPECTED, TIERS, check_answer, read_event
from tests.runtime.music_store import write_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.small_recommender import Trained

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "docs" / "openapi.json"
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def describe() -> dict[str, Any]:
    """Return the OpenAPI description of all functions joined, as the local server shows it."""
    from segue.serving.api.http import local_api
    from segue.serving.server.local_upload import upload_routes

    handlers = {name: import_module(f"functions.{name}.handler") for name in FUNCTIONS}
    uploads = upload_routes(handlers["import_upload"].uploads, handlers["import_worker"].worker)
    return local_api((each.api for each in handlers.values() if hasattr(each, "api")), uploads).openapi()


@pytest.fixture(scope="module", autouse=True)
def _live(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Iterator[None]:
    """Trained stores behind freshly imported handlers; they read their settings at import."""

    from segue.artifacts.place.local import LocalStore
    from segue.sources.store import open_store
    from segue.state.location import open_state
    from tests.small_clustering import clustering_of, publish_clustering
    from tests.small_recommender import catalogue, events_of
    from training.genre_preference.pipeline import GenreTraining
    from training.genre_preference.trainer import TRAINER, ForestParams
    from training.release.lifecycle import train_on
    from training.release.trainer import Order

    folder = tmp_path_factory.mktemp("api")
    store = write_store(folder / "store.sqlite")
    with open_store(str(store)) as database:
        purchases = database.read_purchases()
    training = GenreTraining(ForestParams(n_estimators=20))
    train_on(TRAINER, training, purchases, LocalStore(folder / "artifacts"), Order("tester"))
    trained.copy_to(LocalStore(folder / "artifacts"))
    publish_clustering(LocalStore(folder / "artifacts"), clustering_of(catalogue()), live=True)
    open_state(str(folder / "state.sqlite")).record(events_of())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGUE_STORE", str(store))
        patch.setenv("SEGUE_ARTIFACTS", str(folder / "artifacts"))
        patch.setenv("SEGUE_CACHE_DIR", str(folder / "cache"))
        patch.setenv("SEGUE_STATE", str(folder / "state.sqlite"))
        patch.setenv("SEGUE_LAKE", str(folder / "lake"))
        patch.setenv("SEGUE_UPLOADS", str(folder / "uploads"))
        patch.setenv("SEGUE_CURSOR_KEYS", CURSOR_KEYS)
        patch.setenv("SEGUE_KEY_TIERS", TIERS)
        for name in FUNCTIONS:
            patch.delitem(sys.modules, f"functions.{name}.handler", raising=False)
        yield
    for name in FUNCTIONS:
        sys.modules.pop(f"functions.{name}.handler", None)


@pytest.mark.parametrize("case", EXPECTED)
def test_every_event_is_answered_as_expected(case: str) -> None:
    handler = import_module(f"functions.{case.partition('/')[0]}.handler").handler
    context = SimpleNamespace(
        function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="7f0c",
        tenant_id=None,
    )  # fmt: skip
    check_answer(case, handler(read_event(case), context))


def test_the_described_api_is_the_snapshot() -> None:
    assert describe() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    names = (
        "SEGUE_STORE",
        "SEGUE_ARTIFACTS",
        "SEGUE_CACHE_DIR",
        "SEGUE_STATE",
        "SEGUE_LAKE",
        "SEGUE_UPLOADS",
    )
    os.environ.update(dict.fromkeys(names, "none"), SEGUE_CURSOR_KEYS=CURSOR_KEYS)
    SNAPSHOT.write_text(json.dumps(describe(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
