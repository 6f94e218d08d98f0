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
    """Return an id as an integer, if `read_id` reads it as one."""
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
    except UnicodeEncodeError as error:  # JSON can write half a surrogate pair, which no database stores
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
"""Id of a user or track in the caller's system, read by `segue.domain.catalogue.external_id`."""


class Problem(BaseModel):
    """The response of every error (RFC 9457), with the fields ``code``, ``request_id`` and ``error``."""

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
    """The genre that a customer will spend most on next; ``?details=true`` adds the other fields."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"Genre": "Rock"}]})

    Genre: str
    probabilities: dict[str, float] | None = Field(
        None,
        description=(
            "by genre, greatest first; sums to 1. forest: the model's probabilities; recent_favourite and "
            "own_past_favourite: shares of the customer's spending; most_common_genre: shares of the "
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
        None, description="genre that the customer spent most on until now; missing if there is none"
    )
    spending_shares: dict[str, float] | None = Field(
        None, description="shares of the customer's spending by genre, greatest first; sums to 1, or empty"
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
        description="null if its alias cannot be read, and this process has no version in memory"
    )
    live_since: str | None
    previous: str | None = Field(description="the version before, to roll back to")
    servable: bool = Field(
        description="whether this process has it in memory, or its manifest and its catalogue's are intact "
        "and this process found no damaged file; on AWS each function is a process of its own and checks the "
        "files that it loads"
    )
    missing: list[str] = Field(description="families that it needs, or itself, that cannot be served")
    problem: str | None = Field(
        default=None, description="why this process still uses a version that it has in memory"
    )


class HealthResponse(BaseModel):
    """The live models; the status is ``degraded`` if one cannot be served or none is live, else ``ok``."""

    status: str
    segue: str
    models: dict[str, LiveModel | None] = Field(
        description="by family; null if no version was promoted, which does not degrade the status"
    )
