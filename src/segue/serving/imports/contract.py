"""Requests and responses of imports: the upload link, and the state and result of an import."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # Pydantic reads the annotations
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from segue.errors import InvalidInputError
from segue.serving.api.contract import Id, Text  # noqa: TC001  # Pydantic reads the annotations
from segue.serving.imports.report import ImportReport  # noqa: TC001
from segue.sources.export.moment import read_zone
from segue.sources.export.service import FORMATS

if TYPE_CHECKING:
    from pydantic.config import JsonDict

MOST_BYTES = 512 << 20
"""Maximum size of an upload; a larger file can be zipped."""

_ID = "0f6c1d9e8b7a4c5d8e9f0a1b2c3d4e5f"
_EXAMPLE: JsonDict = {
    "user_id": "12",
    "format": "spotify",
    "file_name": "my_spotify_data.zip",
    "size_bytes": 4_194_304,
}


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"must be one of {', '.join(FORMATS)}")
    return name


def _known_zone(name: str) -> str:
    try:
        read_zone(name)
    except InvalidInputError as error:
        raise ValueError("give a name such as Europe/Berlin, or an offset such as +02:00") from error
    return name


FormatName = Annotated[
    str,
    AfterValidator(_known_format),
    Field(
        json_schema_extra={"enum": list(FORMATS)},
        description="the service that exported the file; lastfm also reads Libre.fm",
    ),
]


class ImportState(StrEnum):
    """States of an import."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportRequest(BaseModel):
    """A file that will be uploaded: one file of an export, or a zip of several."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    user_id: Id = Field(description="the listener of the history")
    format: FormatName
    file_name: Annotated[Text, Field(min_length=1, max_length=255)] = Field(
        description="used in the report only; the content decides whether it is a zip"
    )
    zone: Annotated[Text, AfterValidator(_known_zone)] | None = Field(
        None,
        max_length=64,
        description="zone of times without one, such as Europe/Berlin or +02:00, if the format does not "
        "define it; default: UTC",
    )
    size_bytes: Annotated[int, Field(strict=True, ge=1, le=MOST_BYTES)] = Field(
        description="exact size of the file; an upload of another size is refused"
    )


class Upload(BaseModel):
    """Where and how to send the file: as the body, without the API key."""

    method: str = "PUT"
    url: str = Field(description="secret; anyone who has it may upload until expires_at")
    expires_at: datetime


class ImportStarted(BaseModel):
    """An import that waits for its file."""

    import_id: str = Field(description="for GET /import/{import_id}; it cannot be guessed", examples=[_ID])
    state: ImportState
    upload: Upload


class ImportResponse(BaseModel):
    """The state of an import, and its report."""

    import_id: str = Field(examples=[_ID])
    state: ImportState = Field(
        description="waiting for the upload, running, done, or failed (nothing could be read)"
    )
    user_id: str
    format: str
    file_name: str
    created_at: datetime
    updated_at: datetime
    error: str | None = Field(None, description="why the import failed, and what to do")
    report: ImportReport | None = None
