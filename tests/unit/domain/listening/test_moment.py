"""Instants in ISO 8601: what docs/import.md says of each form holds for all who read times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from segue.domain.listening.moment import read_iso
from segue.errors import InvalidInputError
from segue.serving.feedback.answer import FeedbackEvent
from segue.sources.dataset.account import Tally
from segue.sources.dataset.table.moment import clean_times
from segue.sources.export.moment import read_moment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEN = datetime(2024, 1, 31, 10, tzinfo=UTC)
DOCS = Path("docs/import.md").read_text(encoding="utf-8")
FORMS = re.findall(r"^\| `(.+)` \| (read|refused) \| (read|refused) \| (read|refused) \|", DOCS, re.MULTILINE)


def in_request(text: str) -> datetime | None:
    try:
        return FeedbackEvent.model_validate({"user_id": "u", "track_id": "t", "event": "play", "at": text}).at
    except ValidationError:
        return None


def in_export(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(read_moment(text)[0], UTC)
    except InvalidInputError:
        return None


def in_table(text: str) -> datetime | None:
    (at,) = clean_times(pd.Series([text], name="at"), Tally("t"), NOW)
    return None if np.isnat(at) else at.item().replace(tzinfo=UTC)


def test_the_table_of_forms_is_found() -> None:
    assert len(FORMS) > 20
    assert {form[1:] for form in FORMS} >= {("read",) * 3, ("refused",) * 3}


@pytest.mark.parametrize(("text", "request_", "export", "table"), FORMS)
def test_all_readers_read_and_refuse_as_documented(text: str, request_: str, export: str, table: str) -> None:
    for reader, told in ((in_request, request_), (in_export, export), (in_table, table)):
        found = reader(text)
        assert ("refused" if found is None else "read") == told, reader
        if found is not None:
            day_alone = len(text) == 10
            at = TEN - timedelta(hours=10) if day_alone else TEN
            assert found.astimezone(UTC).replace(second=0, microsecond=0) == at


@given(
    st.datetimes(datetime(1980, 1, 2), datetime(2026, 1, 1)),  # noqa: DTZ001
    st.integers(-23 * 60, 23 * 60),
)
def test_every_instant_of_every_zone_is_the_same_to_all(at: datetime, minutes: int) -> None:
    at = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text, second = at.isoformat(), at.astimezone(UTC).replace(microsecond=0)
    assert read_iso(text) == at
    assert in_request(text) == at
    assert in_export(text) == in_table(text) == second
