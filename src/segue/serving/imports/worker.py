"""Imports an upload; it counts once, even if the worker is called several times."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segue.artifacts.place.location import open_reader
from segue.artifacts.recommender import load_live_catalogue
from segue.domain.catalogue.track_match import TrackIndex, build_track_index
from segue.errors import (
    ArtifactError,
    ImportNotFoundError,
    InvalidInputError,
    ObjectNotFoundError,
    PublishError,
    SourceError,
    StateUnavailableError,
)
from segue.serving.api.telemetry import SERVER_ERRORS, count, logger
from segue.serving.imports.budget import Reading
from segue.serving.imports.contract import MOST_BYTES, ImportState
from segue.serving.imports.job import ATTEMPTS, ENDED, UPLOADS, change_job, read_job
from segue.serving.imports.run import Destination, import_history
from segue.sources.export.moment import read_zone
from segue.sources.export.service import find_format

if TYPE_CHECKING:
    from segue.artifacts.place.object_store import ObjectStore
    from segue.serving.imports.job import Job
    from segue.serving.imports.report import ImportReport
    from segue.serving.settings.environment import ArtifactSettings
    from segue.state.listening import ListeningState

_OURS = "The import failed because of an error on our side: start another import; nothing counts twice."
_UNFORESEEN = (
    "The import failed: the file contains something that Segue does not expect. "
    "Report it with the import's id."
)
_PASSES = (ArtifactError, PublishError, SourceError, StateUnavailableError)


class ImportWorker:
    """Matches uploads to the live catalogue and imports them into a state and an event lake."""

    def __init__(
        self,
        uploads: ObjectStore,
        settings: ArtifactSettings,
        state: ListeningState,
        lake: ObjectStore,
        reading: Reading | None = None,
    ) -> None:
        self._uploads, self._settings, self._state, self._lake = uploads, settings, state, lake
        self._reading = reading or Reading()
        self._index: tuple[str, TrackIndex] | None = None

    def run(self, key: str) -> None:
        """Import the upload under a key, record the result, and delete the upload.

        Raises
        ------
        SegueError
            A service of ours does not answer. Call again; after `ATTEMPTS` the import has failed.
        Exception
            An unexpected error; the import has failed.
        """
        import_id = key.removeprefix(UPLOADS)
        try:
            job = read_job(self._uploads, import_id)
        except ImportNotFoundError:
            logger.warning("an upload that nobody requested", extra={"import_id": import_id})
            self._uploads.delete(key)
            return
        if job.state not in ENDED and job.attempts >= ATTEMPTS:
            self._note(job, state=ImportState.FAILED, error=_OURS)  # every attempt was stopped by Lambda
        elif job.state not in ENDED:
            self._attempt(job, key)
        self._uploads.delete(key)

    def _attempt(self, job: Job, key: str) -> None:
        attempts = job.attempts + 1
        self._note(job, state=ImportState.RUNNING, attempts=attempts)
        try:
            report = self._import(job, key)
        except InvalidInputError as error:
            self._note(job, state=ImportState.FAILED, error=str(error))
        except Exception as error:
            count(SERVER_ERRORS)
            passes = isinstance(error, _PASSES)
            if attempts >= ATTEMPTS or not passes:
                self._note(job, state=ImportState.FAILED, error=_OURS if passes else _UNFORESEEN)
                self._uploads.delete(key)
            raise
        else:
            failed = [file for file in report.files if file.error]
            unread = bool(failed) and len(failed) == len(report.files) and not report.listens
            self._note(
                job,
                state=ImportState.FAILED if unread else ImportState.DONE,
                error=f"{failed[0].name}: {failed[0].error}" if unread else None,
                report=asdict(report),
            )
            logger.info("imported", extra={"new": report.new, "repeated": report.repeated})

    def _import(self, job: Job, key: str) -> ImportReport:
        with tempfile.TemporaryDirectory(prefix="segue-upload-") as folder:
            path = Path(folder) / "upload"  # the caller's file name is not safe as a path
            try:
                self._download(key, path)
            except ObjectNotFoundError as error:
                raise InvalidInputError("The upload is gone: start another import.") from error
            request = job.request
            destination = Destination(request.user_id, self._state, self._lake)
            return import_history(
                [(request.file_name, path)],
                find_format(request.format),
                self._tracks(),
                destination,
                reading=replace(self._reading, zone=read_zone(request.zone) if request.zone else None),
            )

    def _download(self, key: str, path: Path) -> None:
        size = 0
        with self._uploads.stream(key) as chunks, path.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise InvalidInputError(f"The file is larger than {MOST_BYTES} bytes: zip or divide it.")
                file.write(chunk)

    def _tracks(self) -> TrackIndex:
        store = open_reader(self._settings.location)
        catalogue, version = load_live_catalogue(store, self._settings.cache)
        if self._index is None or self._index[0] != version:
            self._index = version, build_track_index(catalogue)
        return self._index[1]

    def _note(self, job: Job, **changes: object) -> None:
        change_job(self._uploads, job.import_id, updated_at=datetime.now(UTC), **changes)
