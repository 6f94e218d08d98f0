"""The real Chinook store: a constant answer is hard to beat, and Segue says so and serves it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.integration.server import call, segue, serving

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        "SEGUE_DATA_DIR" not in os.environ,
        reason="SEGUE_DATA_DIR does not name the folder of the public data sets",
    ),
]


def test_on_chinook_the_baseline_is_served_and_the_reason_kept(tmp_path: Path) -> None:
    store = str(Path(os.environ["SEGUE_DATA_DIR"]).resolve() / "chinook" / "Chinook_Sqlite.sqlite")
    output = segue("train", "genre-preference", "--store", store, cwd=tmp_path).stdout
    assert "Only 59 customers have purchases" in output
    assert "a constant answer (the most common genre) is at least as good as the forest" in output
    params = json.loads(segue("models", "show", "genre-preference", "--json", cwd=tmp_path).stdout)[
        "manifest"
    ]["params"]
    assert params["answerer"] == "most_common_genre"
    assert "at least as good" in params["answerer_reason"]
    with serving(tmp_path, "--store", store) as url:
        assert call(f"{url}/api/model", {"customer_id": 12})[:2] == (200, {"Genre": "Rock"})
        assert call(f"{url}/api/model", {"customer_id": 999})[1]["error"] == "Customer with ID 999 not found."
        details = call(f"{url}/api/model?details=true", {"customer_id": 12})[1]
        assert details["answered_by"] == "most_common_genre"
