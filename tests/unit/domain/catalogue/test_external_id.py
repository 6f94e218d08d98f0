"""Ids: one rule, whichever door a text comes through."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from segue.domain.catalogue.external_id import id_fault, read_id
from segue.errors import InvalidInputError
from segue.serving.api.contract import Id
from segue.sources.dataset.account import Tally
from segue.sources.dataset.table.column import clean_ids

GOOD = {
    "12": "12", 12: "12", 0.0: "0", "12.0": "12", "12.000": "12", "0.0": "0", "007": "007", "1.5": "1.5",
    "anna b": "anna b", "7lmeHLHBe4nmXzuXc0HDjk": "7lmeHLHBe4nmXzuXc0HDjk",
    "spotify:track:7lmeHLHBe4nmXzuXc0HDjk": "7lmeHLHBe4nmXzuXc0HDjk",
    "https://open.spotify.com/track/7lmeHLHBe4nmXzuXc0HDjk": "7lmeHLHBe4nmXzuXc0HDjk",
    "http://open.spotify.com/intl-de/track/7lmeHLHBe4nmXzuXc0HDjk?si=1": "7lmeHLHBe4nmXzuXc0HDjk",
    "spotify:episode:7lmeHLHBe4nmXzuXc0HDjk": "spotify:episode:7lmeHLHBe4nmXzuXc0HDjk",
    "spotify:track:short": "spotify:track:short",
    "Zoë": "Zoë", "x" * 200: "x" * 200, "nana": "nana", "-2": "-2",
}  # fmt: skip
BAD = [
    "", " ", "anna ", " anna", "anna\n", "\u00a0anna", "a\tb", "a\0", "a\x7fb", "a\u2028b", "x" * 201,
    "NA", "na", "n/a", "null", "NULL", "None", "nan", "NaN", "nil", "?", "-", "-1", "-1.0",
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), GOOD.items())
def test_an_id_is_the_same_at_every_door(value: object, text: str) -> None:
    assert read_id(value) == text
    assert TypeAdapter(Id).validate_python(value) == text
    assert clean_ids(pd.Series([value]), Tally("t")).tolist() == [text]


@pytest.mark.parametrize("text", BAD)
def test_an_invalid_id_is_refused_by_requests_and_the_lake(text: str) -> None:
    assert id_fault(text).startswith("must ")
    with pytest.raises(InvalidInputError, match=r"must .+, got"):
        read_id(text)
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(text)


@pytest.mark.parametrize("value", [None, True, 1.5, float("nan"), float("inf"), [], {}])
def test_other_values_are_no_ids(value: object) -> None:
    with pytest.raises(InvalidInputError, match="must be a text or a whole number"):
        read_id(value, "user_id")
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(value)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_a_file_and_a_request_agree_on_every_text_without_blanks_around_it(text: str) -> None:
    try:
        wanted = [read_id(text.strip())]
    except InvalidInputError:
        wanted = []
    assert clean_ids(pd.Series([text]), Tally("t")).tolist() == wanted
