"""A ``.env`` file and the variables of other systems: read where Segue's own are not set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigError
from segue.serving.settings.environment import read_more_settings
from segue.serving.settings.old_names import translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("SEGUE_STORE", "SEGUE_STORE_SECRET", "SEGUE_DEFAULT_TIER", "SEGUE_ARTIFACTS", "DATABASE_URL",
         "MODEL_TIER", "MODELO_GENERO_ENTRENADO")  # fmt: skip


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in NAMES:
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("postgresql://u:p@host/db", "postgresql://u:p@host/db"),
        ("postgres://u:p@host/db", "postgresql://u:p@host/db"),
        ("postgresql+psycopg2://u:p@host/db", "postgresql://u:p@host/db"),
        ("sqlite:///chinook.db", "chinook.db"),
        ("sqlite:////data/chinook.db", "/data/chinook.db"),
    ],
)
def test_a_database_url_is_the_store(url: str, store: str) -> None:
    found = translate({"DATABASE_URL": url})
    assert found.values == {"SEGUE_STORE": store}
    assert found.lines == ["DATABASE_URL is read as SEGUE_STORE: set that instead."]


@pytest.mark.parametrize(
    ("name", "tier"),
    [("basic", "free"), ("full", "pro"), ("Enterprise", "enterprise"), ("starter", "starter")],
)
def test_a_model_tier_is_the_default_tier(name: str, tier: str) -> None:
    assert translate({"MODEL_TIER": name}).values == {"SEGUE_DEFAULT_TIER": tier}


def test_a_folder_of_models_is_where_artifacts_are_and_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    found = translate({"MODELO_GENERO_ENTRENADO": str(tmp_path)})
    assert found.values == {"SEGUE_ARTIFACTS": str(tmp_path)}
    (line,) = translate({"MODELO_GENERO_ENTRENADO": "modelo.pkl"}).lines
    assert "a pickled model is never loaded. Train one with `segue train genre-preference`" in line


@pytest.mark.parametrize(
    ("name", "value", "values"),
    [
        ("DATABASE_URL", "mysql://u:hunter2@host/db", {"SEGUE_STORE": "database-url://"}),
        ("MODEL_TIER", "hunter2", {}),
    ],
)
def test_what_segue_cannot_use_is_said_without_its_value(
    name: str, value: str, values: dict[str, str]
) -> None:
    found = translate({name: value})
    assert found.values == values  # no command takes the sample store for a store that was named
    assert found.lines[0].startswith(f"{name} is not read: set SEGUE_")
    assert "hunter2" not in found.lines[0]


def test_names_of_segue_go_before_older_ones() -> None:
    given = {"DATABASE_URL": "sqlite:///a.db", "SEGUE_STORE_SECRET": "arn", "MODEL_TIER": "full",
             "SEGUE_DEFAULT_TIER": "free"}  # fmt: skip
    assert translate(given) == ({}, [])


def test_a_file_gives_what_the_environment_does_not(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# the shop\nexport SEGUE_STORE='postgresql://u:${p}@host/db'\nSEGUE_ARTIFACTS=\"my models\" # ours\n"
        "MODEL_TIER=basic\nEMPTY=\nbroken line\n",
        encoding="utf-8",
    )
    os.environ["SEGUE_ARTIFACTS"] = "others"
    assert read_more_settings(file) == ["MODEL_TIER is read as SEGUE_DEFAULT_TIER: set that instead."]
    assert os.environ["SEGUE_STORE"] == "postgresql://u:${p}@host/db"
    assert os.environ["SEGUE_ARTIFACTS"] == "others"
    assert os.environ["SEGUE_DEFAULT_TIER"] == "free"
    assert "EMPTY" not in os.environ


def test_without_a_file_nothing_is_said(tmp_path: Path) -> None:
    assert read_more_settings(tmp_path / ".env") == []


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"SEGUE_STORE=\xff\xfe")
    with pytest.raises(ConfigError, match=r"\.env: cannot be read as text in UTF-8"):
        read_more_settings(file)
