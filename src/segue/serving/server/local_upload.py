"""Accept uploads on a laptop, where there is no S3: a PUT to the link starts the import."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from fastapi import APIRouter, BackgroundTasks, Request  # FastAPI reads the annotations

from segue.errors import InvalidInputError, PreconditionFailedError, SegueError
from segue.serving.api.description import operation_id
from segue.serving.api.http import PROBLEMS
from segue.serving.api.telemetry import logger
from segue.serving.imports.contract import ImportState
from segue.serving.imports.job import ATTEMPTS, UPLOADS, read_job

if TYPE_CHECKING:
    from segue.artifacts.place.object_store import ObjectStore
    from segue.serving.imports.worker import ImportWorker

_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def upload_routes(store: ObjectStore, worker: ImportWorker) -> APIRouter:
    """Return the upload route that the link of `start` leads to if the store is a folder."""
    routes = APIRouter(generate_unique_id_function=operation_id)

    @routes.put(
        "/import/{import_id}/file",
        status_code=204,
        responses=PROBLEMS,
        tags=["import"],
        openapi_extra={"requestBody": {"required": True, "content": _FILE}},
    )
    async def upload(import_id: str, request: Request, then: BackgroundTasks) -> None:
        """Accept the file of an import, and start the import."""
        job = read_job(store, import_id)
        if job.state is not ImportState.WAITING:
            raise InvalidInputError(f"import {import_id} already has its file: start another import.")
        if datetime.now(UTC) > job.expires_at:
            raise InvalidInputError(
                f"the link of import {import_id} expired at {job.expires_at:%Y-%m-%dT%H:%M:%SZ}: "
                "start another import, and upload to its link."
            )
        with tempfile.NamedTemporaryFile(prefix="segue-put-") as file:
            size = 0
            async for piece in request.stream():
                size += len(piece)
                if size <= job.request.size_bytes:
                    file.write(piece)
            if size != job.request.size_bytes:
                raise InvalidInputError(
                    f"the file has {size} bytes, but size_bytes was {job.request.size_bytes}: "
                    "start another import with the right size."
                )
            file.flush()
            try:
                store.put(UPLOADS + import_id, Path(file.name))
            except PreconditionFailedError as error:
                raise InvalidInputError(f"import {import_id} already has its file.") from error
        then.add_task(_run, worker, UPLOADS + import_id)

    return routes


def resume_imports(store: ObjectStore, worker: ImportWorker) -> Thread:
    """Import, in a thread, every upload that an earlier server did not finish."""
    unfinished = [info.key for info in store.list_objects(UPLOADS)]

    def run_all() -> None:
        for key in unfinished:
            _run(worker, key)

    thread = Thread(target=run_all, name="resume-imports", daemon=True)
    thread.start()
    return thread


def _run(worker: ImportWorker, key: str) -> None:
    for _ in range(ATTEMPTS):
        try:
            worker.run(key)
        except SegueError as error:
            logger.warning("an import failed", exc_info=error)
        else:
            return
