"""Builds variants in processes of their own, as many at once as the memory allows."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from segue.errors import NotEnoughDataError, SegueError, TrainingError
from training.cluster.memory import GIB, resident
from training.cluster.variant import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from training.cluster.settings import ClusterSettings

    Watch = Callable[[str, str, float], None]


# A fork of this process would count our own memory as the variant's. A server that holds only what a build
# imports, which takes seconds, can be forked for each; but not on macOS, whose libraries do not bear it.
_PROCESSES: ForkServerContext | SpawnContext = (
    multiprocessing.get_context("forkserver")
    if sys.platform == "linux"
    else multiprocessing.get_context("spawn")
)
_PROCESSES.set_forkserver_preload(["training.cluster.build.variant_build"])

_MOMENT_S = 0.1
"""Between looks at the memory that the builds take."""


@dataclass(frozen=True, slots=True)
class BuildJob:
    """One variant to build.

    Attributes
    ----------
    variant : str
    folder : Path
        Holds its input, and what an interrupted run left.
    settings : ClusterSettings
    n_bytes : int
        Memory that it is expected to take.
    """

    variant: str
    folder: Path
    settings: ClusterSettings
    n_bytes: int


@dataclass(frozen=True, slots=True)
class _Running:
    job: BuildJob
    process: BaseProcess
    told: Connection


def build_all(
    jobs: Sequence[BuildJob], *, budget: int, at_once: int, threads: int, watch: Watch
) -> Iterator[tuple[BuildJob, TrainingError | None]]:
    """Build every variant, and yield each one when it ends, with its error or None.

    A `NotEnoughDataError` says that the tracks form no clusters; every other error is a failure.

    A build starts if its expected memory fits into the ``budget`` of bytes, with this process and the
    running builds. If all together still outgrow the budget, the youngest build stops and starts again alone,
    after its last finished stage. A build that outgrows the budget alone has failed. ``watch`` receives the
    variant, the stage and the share of the work.
    """
    waiting, running = list(jobs), list[_Running]()
    try:
        while waiting or running:
            free = budget - resident(None) - sum(each.job.n_bytes for each in running)
            fitting = next((job for job in waiting if job.n_bytes <= free), None)
            if fitting is not None and len(running) < at_once:
                waiting.remove(fitting)
                running.append(_start(fitting, threads))
                continue
            if not running:
                yield waiting[0], _too_large(waiting.pop(0).n_bytes, budget)
                continue
            if resident(None) + sum(resident(each.process.pid) for each in running) > budget:
                youngest = running.pop()
                _stop(youngest)
                if running:
                    waiting.append(replace(youngest.job, n_bytes=budget - resident(None)))
                else:
                    yield youngest.job, _too_large(None, budget)
                continue
            for ended, why in _listen(running, watch):
                running.remove(ended)
                yield ended.job, why
    finally:
        for each in running:
            _stop(each)


def _too_large(need: int | None, budget: int) -> TrainingError:
    takes = "takes more" if need is None else f"is expected to take {need / GIB:.1f} GB"
    allowed = f"{budget / GIB:.1f} GB may be used, this command's own included"
    return TrainingError(f"{takes}, and {allowed}: raise --memory-gb")


def _start(job: BuildJob, threads: int) -> _Running:
    told, tell = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_work, args=(tell, job, threads, time.monotonic()), daemon=True)
    process.start()
    tell.close()
    return _Running(job, process, told)


def _stop(running: _Running) -> None:
    running.process.kill()
    running.process.join()


def _listen(running: Sequence[_Running], watch: Watch) -> Iterator[tuple[_Running, TrainingError | None]]:
    """Wait a moment for news, and yield who ended, with why it failed."""
    heard = wait([each.told for each in running], _MOMENT_S)
    for one in [each for each in running if each.told in heard]:
        try:
            stage, share = one.told.recv()
        except EOFError:
            one.process.join()
            yield one, _death(one.process.exitcode)
            continue
        if share is None:
            one.process.join()
            yield one, stage
        else:
            watch(one.job.variant, stage, share)


def _death(code: int | None) -> TrainingError:
    if code is not None and code < 0:
        return TrainingError(
            f"was killed by signal {-code}; signal 9 is mostly a lack of memory: lower --memory-gb"
        )
    return TrainingError(f"ended with status {code}: what it wrote above says why")


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _work(tell: Connection, job: BuildJob, threads: int, started_s: float) -> None:
    """Run in the new process: build, then say that nothing went wrong, or what did.

    The clock of ``started_s`` is one for all processes of a machine.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:  # without this a killed parent would leave us to race with its successor
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from training.cluster.build.variant_build import build_variant
    from training.cluster.stage import keep_effort

    keep_effort(job.folder, "starting", started_s)
    try:
        build_variant(
            job.folder,
            VARIANTS[job.variant],
            job.settings,
            threads=threads,
            progress=lambda stage, share: tell.send((stage, share)),
        )
    except NotEnoughDataError as error:
        tell.send((error, None))
    except SegueError as error:  # others take more than a message, and cannot pass between processes
        tell.send((TrainingError(str(error)), None))
    except MemoryError:
        why = "the machine has no memory left: close something, or take fewer tracks"
        tell.send((TrainingError(why), None))
    else:
        tell.send((None, None))
