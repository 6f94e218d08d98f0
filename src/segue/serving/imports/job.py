"""Records of imports, next to the uploads in one bucket or folder.

::

    jobs/<import id>.json    the request, the state and the report; replaced by compare-and-swap
    uploads/<import id>      the file; every file that arrives here is imported, then deleted
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from segue.errors import ImportNotFoundError, ObjectNotFoundError, PreconditionFailedError
from segue.serving.imports.contract import ImportRequest, ImportResponse, ImportStarted, ImportState, Upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.artifacts.place.object_store import ObjectStore

UPLOADS = "uploads/"
JOBS = "jobs/"
STORE_TIMEOUT_S = 2.0
"""Timeout of the store; it is shorter than the function's, so that the answer is 503 and not a timeout."""

LINK_S = 900
"""Seconds after which an upload to a link can no longer be started."""

STALE = timedelta(hours=2)
"""An import without an update for this long has failed; three attempts of a function take less."""

ATTEMPTS = 3
"""Number of times that Lambda calls a function for one asynchronous event."""

LAST_ATTEMPT = timedelta(minutes=20)
"""The last attempt without an update for this long has failed; the function is stopped after 15 minutes."""

ENDED = frozenset({ImportState.DONE, ImportState.FAILED})
_ID = re.compile(r"[0-9a-f]{32}")
_ATTEMPTS = 5


class Job(BaseModel):
    """The record of an import; ``key_id`` is the API key that requested it."""

    import_id: str
    key_id: str
    request: ImportRequest
    created_at: datetime
    updated_at: datetime
    state: ImportState = ImportState.WAITING
    attempts: int = 0
    error: str | None = None
    report: dict[str, object] | None = None

    @property
    def expires_at(self) -> datetime:
        """Return the time until which an upload to the link can be started."""
        return self.created_at + timedelta(seconds=LINK_S)

    def answer(self, now: datetime) -> ImportResponse:
        """Return the answer for a caller; an import without an update for too long has failed."""
        state, error = self.state, self.error
        patience = LAST_ATTEMPT if self.attempts >= ATTEMPTS else STALE
        if state not in ENDED and now - self.updated_at > patience:
            error = (
                "Nothing was uploaded in time: start another import."
                if state is ImportState.WAITING
                else "The import stopped before its end: start another import; nothing counts twice."
            )
            state = ImportState.FAILED
        return ImportResponse.model_validate(
            {
                "import_id": self.import_id,
                "state": state,
                "user_id": self.request.user_id,
                "format": self.request.format,
                "file_name": self.request.file_name,
                "created_at": self.created_at,
                "updated_at": self.updated_at,
                "error": error,
                "report": self.report,
            }
        )


def start(
    store: ObjectStore, request: ImportRequest, key_id: str, now: datetime, local_url: str
) -> ImportStarted:
    """Record an import, and return the link to upload to.

    Parameters
    ----------
    local_url : str
        URL of this server. If the store is a folder, the server takes uploads itself: `upload_routes`.
    """
    job = Job(import_id=secrets.token_hex(16), key_id=key_id, request=request, created_at=now, updated_at=now)
    store.put(_record_key(job.import_id), _encode(job))
    url = f"{local_url.rstrip('/')}/import/{job.import_id}/file"
    link: Callable[[str, int, int], str] | None = getattr(store, "link_put", None)
    if link:  # S3 takes uploads itself; a folder cannot
        url = link(UPLOADS + job.import_id, request.size_bytes, LINK_S)
    upload = Upload(url=url, expires_at=job.expires_at)
    return ImportStarted(import_id=job.import_id, state=job.state, upload=upload)


def read_job(store: ObjectStore, import_id: str, key_id: str | None = None) -> Job:
    """Return an import; with ``key_id``, only if that key requested it.

    Raises
    ------
    ImportNotFoundError
        No import has this id, or another key requested it.
    """
    job = _read(store, import_id)[0]
    if key_id is not None and job.key_id != key_id:
        raise ImportNotFoundError(import_id)
    return job


def change_job(store: ObjectStore, import_id: str, **changes: object) -> Job:
    """Change the record of an import unless it has ended, and return the record."""
    for _ in range(_ATTEMPTS):
        job, etag = _read(store, import_id)
        if job.state in ENDED:
            return job
        changed = job.model_copy(update=changes)
        try:
            store.put(_record_key(import_id), _encode(changed), if_match=etag)
        except PreconditionFailedError:
            continue  # another attempt at the same upload was faster: read again
        return changed
    raise PreconditionFailedError(f"the record of import {import_id} changed during {_ATTEMPTS} attempts")


def _read(store: ObjectStore, import_id: str) -> tuple[Job, str]:
    if not _ID.fullmatch(import_id):
        raise ImportNotFoundError(import_id)
    try:
        stored = store.get(_record_key(import_id))
    except ObjectNotFoundError as error:
        raise ImportNotFoundError(import_id) from error
    if stored is None:
        raise ImportNotFoundError(import_id)
    return Job.model_validate_json(stored.body), stored.etag


def _record_key(import_id: str) -> str:
    return f"{JOBS}{import_id}.json"


def _encode(job: Job) -> bytes:
    return job.model_dump_json().encode()
