"""What the local server says when it listens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.artifacts.place.local import LocalStore
from segue.serving.operations.models import describe_models
from segue.serving.server.local import table_of
from tests.small_clustering import clustering_of, publish_clustering
from tests.small_recommender import catalogue

if TYPE_CHECKING:
    from pathlib import Path


def test_the_table_names_address_live_versions_variants_and_what_is_missing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    version = publish_clustering(store, clustering_of(catalogue()), live=True)
    lines = table_of(describe_models(store), "http://x:1").splitlines()
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in lines)
    assert rows["clusters"].startswith(f"{version}  since ")
    assert rows["variants"] == "naive_features (live)"
    assert rows["served at"] == "http://x:1"
    assert "hybrid" in rows["not live"]
