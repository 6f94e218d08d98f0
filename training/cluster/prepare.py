"""Prepares every variant of the clusters: builds what is missing or stale, publishes each as it is done."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.artifacts.family import CLUSTERS
from segue.artifacts.release import read_manifest
from segue.errors import ConfigError, NotEnoughDataError, SegueError
from training.cluster.memory import GIB, estimate
from training.cluster.plan import State, Surveyed, VariantStanding, assess, load_survey, save_survey
from training.cluster.publishing import promote_first, publish_variant
from training.cluster.settings import READING, build_params
from training.cluster.variant import VARIANTS
from training.cluster.work import INPUT, check_writable, make_work
from training.cluster.worker import BuildJob, build_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from segue.sources.dataset import Account
    from training.cluster.data.reading import Inputs
    from training.cluster.data.source import TableSource
    from training.cluster.settings import ClusterSettings
    from training.cluster.variant import ClusterVariant
    from training.cluster.worker import Watch

    Tell = Callable[[Account], None]

logger = logging.getLogger("segue.prepare")


class Status(StrEnum):
    """What became of a variant."""

    UP_TO_DATE = "up to date"
    BUILT = "built"
    FAILED = "failed"
    NO_INPUT = "input missing"
    TOO_LITTLE = "too little data"
    """The tracks form no clusters: there are too few, or they are too similar."""

    @property
    def is_good(self) -> bool:
        """Whether the variant is live for the tracks as they are now."""
        return self in {Status.UP_TO_DATE, Status.BUILT}


@dataclass(frozen=True, slots=True)
class PrepareRequest:
    """What to prepare, and how.

    Attributes
    ----------
    source : TableSource
    variants : tuple of ClusterVariant
    settings : ClusterSettings
    work : Path
        Where unfinished builds are kept.
    set_by, reason : str
        For the history of the aliases.
    memory : int
        Bytes that all builds together may take.
    force : bool
        Build what is up to date too.
    """

    source: TableSource
    variants: tuple[ClusterVariant, ...]
    settings: ClusterSettings
    work: Path
    set_by: str
    reason: str
    memory: int
    force: bool = False


@dataclass(frozen=True, slots=True)
class VariantOutcome:
    """What became of one variant: its live version, and why it failed or what is missing."""

    variant: str
    status: Status
    version: str
    why: str


def assess_all(
    store: ObjectStore, request: PrepareRequest, tell: Tell
) -> tuple[list[VariantStanding], Inputs | None]:
    """Return how every variant stands, and the tables if they had to be read; the store is left alone.

    Files of the same size and time as in the last run are not read again: what was found in them is kept if
    there is a work folder.
    """
    surveyed, inputs = load_survey(request.work, request.source, READING), None
    if surveyed is None:
        inputs = _read(request.source, tell)
        surveyed = {name: _survey(variant, inputs) for name, variant in VARIANTS.items()}
        if request.work.is_dir():
            with suppress(OSError):  # of a folder that only a health check may read
                save_survey(request.work, request.source, READING, surveyed)
    standings = [
        assess(store, variant, surveyed[variant.name], request.settings) for variant in request.variants
    ]
    return standings, inputs


def prepare(store: ObjectStore, request: PrepareRequest, *, tell: Tell, watch: Watch) -> list[VariantOutcome]:
    """Build and publish what is missing or stale; one that fails does not stop the others.

    Raises
    ------
    SourceUnavailableError, SourceSchemaError
        The tables cannot be read.
    ConfigError
        Another run is at work in the same folder.
    """
    make_work(request.work)
    standings, inputs = assess_all(store, request, tell)
    outcomes = {}
    wanted = []
    for standing in standings:
        if standing.can_build and (request.force or standing.state is not State.READY):
            wanted.append(standing)
            size = f"{standing.surveyed.n_items} tracks by {standing.surveyed.n_columns} features"
            logger.info("%s is %s; %s", standing.variant.name, _why(standing, request), size)
            _warn_of_few_features(standing, request.settings)
        else:
            outcomes[standing.variant.name] = _unchanged(standing)
    if wanted:
        check_writable(store)
        with _alone_in(request.work):
            jobs = _jobs(request, wanted, inputs, tell)
            inputs = None  # the builds map their own files; the tables would be held for nothing
            outcomes |= _build(store, request, wanted, jobs, watch)
    return [outcomes[variant.name] for variant in request.variants]


def promote_missing(store: ObjectStore, outcomes: Sequence[VariantOutcome], set_by: str) -> None:
    """Make a variant live if none is, or none that can be read any more."""
    ready = [each.version for each in outcomes if each.version and each.status.is_good]
    manifests = [read_manifest(store, CLUSTERS, version) for version in ready]
    if name := promote_first(store, manifests, set_by):
        logger.info(
            "%s is the live variant: `segue models promote %s VARIANT` chooses another", name, CLUSTERS
        )


def _why(standing: VariantStanding, request: PrepareRequest) -> str:
    if standing.state is State.READY:
        return f"built again as asked; {standing.version} stays live until then"
    kept = " (an interrupted build goes on)" if _folder(request, standing).is_dir() else ""
    return f"{standing.state}: {standing.reason}{kept}"


def _warn_of_few_features(standing: VariantStanding, settings: ClusterSettings) -> None:
    asked, has = settings.components, standing.surveyed.n_columns
    if standing.variant.n_components is not None and asked is not None and asked > has:
        logger.warning("%s: %d features give %d components, not %d", standing.variant.name, has, has, asked)


def _unchanged(standing: VariantStanding) -> VariantOutcome:
    name = standing.variant.name
    if standing.state is State.READY:
        logger.info("%s is up to date: version %s %s", name, standing.version, standing.reason)
        return VariantOutcome(name, Status.UP_TO_DATE, standing.version, standing.reason)
    if standing.state is State.UNREADABLE:
        kept = f"; {standing.version} stays live" if standing.version else ""
        logger.error("%s failed: %s%s", name, standing.reason, kept)
        return VariantOutcome(name, Status.FAILED, standing.version, standing.reason)
    logger.info("%s is left out: %s", name, standing.reason)
    return VariantOutcome(name, Status.NO_INPUT, standing.version, standing.reason)


def _read(source: TableSource, tell: Tell) -> Inputs:
    from training.cluster.data.reading import read_inputs  # pandas takes a second to import

    started_s = time.monotonic()
    inputs = read_inputs(source)
    logger.info("reading %d tracks took %.1f s", len(inputs.vocabulary), time.monotonic() - started_s)
    for account in inputs.accounts:
        tell(account)
    return inputs


def _survey(variant: ClusterVariant, inputs: Inputs) -> Surveyed:
    from training.cluster.data.reading import input_of

    found = input_of(variant, inputs)
    if isinstance(found, str):
        return Surveyed(missing=found, is_broken=not inputs.broken.isdisjoint(variant.tables))
    return Surveyed(found.fingerprint, len(found), len(found.columns))


def _folder(request: PrepareRequest, standing: VariantStanding) -> Path:
    """Name the work folder after all that the build depends on: another build has another."""
    surveyed = standing.surveyed
    about = [surveyed.fingerprint, build_params(standing.variant, request.settings, surveyed.n_columns)]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    return request.work / f"{standing.variant.name}-{digest[:12]}"


def _jobs(
    request: PrepareRequest, wanted: Sequence[VariantStanding], inputs: Inputs | None, tell: Tell
) -> list[BuildJob]:
    from training.cluster.data.input import write_input

    jobs = []
    for standing in wanted:
        folder = _folder(request, standing)
        if request.force:
            shutil.rmtree(folder, ignore_errors=True)
        if not (folder / INPUT).is_dir():
            from training.cluster.data.reading import input_of

            inputs = inputs or _read(request.source, tell)
            found = input_of(standing.variant, inputs)
            if not isinstance(found, str):
                partial = folder / f".{INPUT}"
                shutil.rmtree(partial, ignore_errors=True)
                write_input(found, partial)
                partial.rename(folder / INPUT)
        surveyed = standing.surveyed
        need = estimate(surveyed.n_items, surveyed.n_columns)
        jobs.append(BuildJob(standing.variant.name, folder, request.settings, need))
    return jobs


def _build(
    store: ObjectStore,
    request: PrepareRequest,
    wanted: Sequence[VariantStanding],
    jobs: list[BuildJob],
    watch: Watch,
) -> dict[str, VariantOutcome]:
    standing_of = {standing.variant.name: standing for standing in wanted}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    at_once = min(cores, len(jobs))
    most = ", ".join(f"{job.variant} {job.n_bytes / GIB:.1f}" for job in jobs)
    logger.debug("memory: %.1f GB may be used; estimated: %s", request.memory / GIB, most)
    outcomes = {}
    ends = build_all(jobs, budget=request.memory, at_once=at_once, threads=cores // at_once, watch=watch)
    for job, problem in ends:
        standing = standing_of[job.variant]
        why = str(problem or "")
        version = standing.version
        if problem is None:
            try:
                manifest = publish_variant(store, standing, job.folder, request.set_by, request.reason)
            except SegueError as error:
                why = f"was built, but not published: {error}"
            else:
                version = manifest.version
                # The work for older data or settings is dropped too.
                for folder in request.work.glob(f"{job.variant}-*"):
                    shutil.rmtree(folder, ignore_errors=True)
        if why:
            kept = f"; {version} stays live" if version else ""
            status = Status.TOO_LITTLE if isinstance(problem, NotEnoughDataError) else Status.FAILED
            logger.error("%s: %s: %s%s", job.variant, status, why, kept)
            outcomes[job.variant] = VariantOutcome(job.variant, status, version, why)
        else:
            logger.info("%s is built: version %s is live; it took %s", job.variant, version, _took(manifest))
            outcomes[job.variant] = VariantOutcome(job.variant, Status.BUILT, version, standing.reason)
    return outcomes


def _took(manifest: Manifest) -> str:
    training = manifest.record.training
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in training["stages"].items())
    return f"{training['seconds']:.1f} s: {stages}"


@contextmanager
def _alone_in(work: Path) -> Iterator[None]:
    with (work / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError("--work", f"another `segue prepare` is at work in {work}.") from error
        yield
