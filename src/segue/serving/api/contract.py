"""Requests and responses of the HTTP API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from segue.domain.catalogue.external_id import LONGEST_ID, id_fault, read_id
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from segue.domain.genre_preference.preference import GenreAnswer

_MAX_ID = 2**63 - 1


def _as_text(value: object) -> object:
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0
    return read_id(value) if whole else value


def _as_number(value: object) -> object:
    """Return the whole number that an id names, in any spelling that `read_id` knows."""
    try:
        digits = read_id(value)
    except InvalidInputError:
        return value
    return int(digits) if re.fullmatch(r"0|[1-9][0-9]{0,18}", digits) else value


def _fit(text: str) -> str:
    try:
        return read_id(text)
    except InvalidInputError as error:
        raise ValueError(id_fault(text)) from error


def _in_utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:  # JSON can spell half a character, which no database keeps
        half = f"\\u{ord(text[error.start]):04x}"
        raise ValueError(f"{half} is half a character: send both halves or neither") from error
    return text


Text = Annotated[str, AfterValidator(_in_utf8)]
_Sized = Field(min_length=1, max_length=LONGEST_ID)
Id = Annotated[
    Text,
    BeforeValidator(_as_text, json_schema_input_type=Annotated[str, _Sized] | int),
    _Sized,
    AfterValidator(_fit),
]
"""A user or track as the caller names it, as `segue.domain.catalogue.external_id` reads it."""


class Problem(BaseModel):
    """What every error answers (RFC 9457), with the fields ``code``, ``request_id`` and ``error``."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    error: str


class GenreRequest(BaseModel):
    """A customer of the store."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_id": 12}]})

    customer_id: Annotated[
        int,
        Field(strict=True, ge=1, le=_MAX_ID, description="the store's customer id"),
        BeforeValidator(_as_number),
    ]


class GenreResponse(BaseModel):
    """The genre a customer will spend most on next; all but ``Genre`` with ``?details=true`` only."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"Genre": "Rock"}]})

    Genre: str
    probabilities: dict[str, float] | None = Field(
        None,
        description=(
            "by genre, greatest first; sums to 1. Of forest: the model's; of recent_favourite and "
            "own_past_favourite: shares of the customer's spending; of most_common_genre: shares of the "
            "store's customers. A customer with ten tracks or more, all of one genre, gets that genre first."
        ),
    )
    model_version: str | None = None
    answered_by: str | None = Field(
        None,
        description="forest (the model); baselines: recent_favourite, own_past_favourite, most_common_genre",
    )
    because: str | None = None
    current_genre: str | None = Field(
        None, description="what the customer spent most on up to now; absent if that is nothing"
    )
    spending_shares: dict[str, float] | None = Field(
        None, description="what the customer spent up to now, by genre, greatest first; sums to 1, or empty"
    )

    @classmethod
    def of(cls, answer: GenreAnswer, model_version: str, *, details: bool) -> Self:
        """Build the short answer or the one with details."""
        if not details:
            return cls(Genre=answer.genre)
        return cls(
            Genre=answer.genre,
            probabilities=answer.probabilities,
            model_version=model_version,
            answered_by=answer.answered_by,
            because=answer.because,
            current_genre=answer.current_genre,
            spending_shares=answer.spending_shares,
        )


class LiveModel(BaseModel):
    """A family's live version."""

    version: str | None = Field(
        description="null where its alias cannot be read, and this process has no version in memory"
    )
    live_since: str | None
    previous: str | None = Field(description="the version before, to roll back to")
    servable: bool = Field(
        description="this process has it in memory, or its manifest and its catalogue's are whole, and no "
        "function of this process found a file damaged; on AWS each function is a process of its own, and "
        "checks the files that it loads"
    )
    missing: list[str] = Field(description="families that it needs, itself included, that cannot be served")
    problem: str | None = Field(
        default=None, description="why this process goes on with a version that it has in memory"
    )


class HealthResponse(BaseModel):
    """What is live; ``degraded`` while any of it is missing, or there is nothing, else ``ok``."""

    status: str
    segue: str
    models: dict[str, LiveModel | None] = Field(
        description="by family; null for one that nobody has promoted, which degrades nothing"
    )
