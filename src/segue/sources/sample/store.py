"""Generates the sample store: draws the world, simulates two years, and keeps only a complete result."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segue.errors import InvalidInputError, SourceError
from segue.sources.sample.database import new_store
from segue.sources.sample.draw import Stage, stream
from segue.sources.sample.info import GENERATOR_VERSION, STORE, TRUTH, SampleInfo
from segue.sources.sample.parameter import Params
from segue.sources.sample.truth import write_truth
from segue.sources.sample.world.catalogue import build_catalogue
from segue.sources.sample.world.listener import build_listeners
from segue.sources.sample.world.listening import World, build_world, listen
from segue.sources.sample.world.purchase import Reactions, draw_reactions
from segue.sources.sample.world.sharing import SharedListens, heard, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from segue.sources.sample.database import StoreWriter

    Progress = Callable[[str, float], None]

MAX_CUSTOMERS, MAX_TRACKS, MAX_SEED = 100_000, 200_000, 2**63 - 1
_BLOCK = 1000
"""Number of listeners drawn together, to bound the memory. Another size needs another generator version."""


def generate(
    out: Path,
    *,
    seed: int = 7,
    customers: int = 2000,
    tracks: int = 4000,
    progress: Progress | None = None,
) -> Path:
    """Write ``out/store.sqlite``, two years of a music store, and ``out/truth/``, the truth behind it.

    An existing store is replaced when the new one is complete, and kept if anything fails before. The same
    arguments give the same bytes on one machine. The default sizes take about 3 seconds, 10 000 customers
    and 20 000 tracks about 15.

    Parameters
    ----------
    out
        Folder; created if necessary.
    seed
        From 0 to 2⁶³ - 1.
    customers, tracks
        From 1 to 100 000 and from 1 to 200 000.
    progress
        Called with the name of the stage and the share done, in [0, 1].

    Raises
    ------
    InvalidInputError
        A number is out of range, or ``out`` cannot be written: the message names both and the remedy.
    SourceError
        SQLite failed on the temporary file, for example because the disk is full.
    """
    _check("seed", seed, 0, MAX_SEED)
    _check("customers", customers, 1, MAX_CUSTOMERS)
    _check("tracks", tracks, 1, MAX_TRACKS)
    report = progress or (lambda _stage, _share: None)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".partial-", ignore_cleanup_errors=True) as partial:
            _write(Path(partial), seed, customers, tracks, report)
            _put_in_place(Path(partial), out)
    except OSError as error:
        raise InvalidInputError(
            f"the sample store cannot be written to {out}: {error.strerror or error}. "
            "Name a writable folder with --out."
        ) from error
    except sqlite3.Error as error:
        raise SourceError(
            f"the sample store in {out} was not finished: {error}. Free disk space and run it again."
        ) from error
    report("done", 1.0)
    return out / STORE


def _check(name: str, value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise InvalidInputError(f"{name} is {value!r}: give a whole number from {least} to {most}.")


def _write(partial: Path, seed: int, customers: int, tracks: int, report: Progress) -> None:
    report("catalogue and listeners", 0.0)
    params = Params()
    world = build_world(
        params, seed, build_catalogue(params, seed, tracks), build_listeners(params, seed, customers)
    )
    with new_store(partial / STORE) as writer:
        writer.write_catalogue(world, seed)
        writer.write_people(world, seed)
        bought, before = _write_listening(writer, world, seed, report)
        passed_on = _write_sharing(writer, world, seed, before, report)
        report("invoices", 0.85)
        writer.write_invoices(bought, world.catalogue.price_cents)
        report("indexes", 0.92)
    report("truth", 0.98)
    with (partial / STORE).open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    info = SampleInfo(seed, customers, tracks, GENERATOR_VERSION, digest)
    write_truth(partial / TRUTH, world, passed_on, info)


def _write_listening(
    writer: StoreWriter, world: World, seed: int, report: Progress
) -> tuple[Reactions, SharedListens]:
    """Write what listeners do on their own, block by block; return the purchases and the listens."""
    bought: list[Reactions] = []
    before: list[SharedListens] = []
    n_sessions = 0
    for number, block, done in _blocks(world):
        report("listening and buying", 0.05 + 0.7 * done)
        rng = stream(seed, Stage.LISTENING, number)
        listens = listen(rng, world, block)
        listens = replace(listens, session=listens.session + n_sessions)
        n_sessions = int(listens.session.max(initial=n_sessions - 1)) + 1
        interactions = draw_reactions(rng, world, listens)
        writer.write_interactions(interactions)
        bought.append(interactions.only("purchase"))
        before.append(heard(listens, interactions.only("like", "save")))
    return Reactions.joined(bought), SharedListens.joined(before)


def _write_sharing(
    writer: StoreWriter, world: World, seed: int, before: SharedListens, report: Progress
) -> NDArray[np.int64]:
    """Write what listeners share, block by block; return the tracks that friends passed on, int64 (n, 3)."""
    passed_on: list[NDArray[np.int64]] = []
    for number, block, done in _blocks(world):
        report("sharing", 0.75 + 0.1 * done)
        rng = stream(seed, Stage.SHARING, number)
        listens, tips = share(rng, world, before, block)
        writer.write_interactions(draw_reactions(rng, world, listens, buying=False))
        passed_on.append(tips)
    return np.concatenate(passed_on)


def _blocks(world: World) -> Iterator[tuple[int, NDArray[np.int64], float]]:
    """Yield the number of each block of listeners, its rows, and the share of listeners before it."""
    n = len(world.listeners.archetype)
    for number, first in enumerate(range(0, n, _BLOCK)):
        yield number, np.arange(first, min(first + _BLOCK, n)), first / n


def _put_in_place(partial: Path, out: Path) -> None:
    # The truth is removed first and added last: a reader in between finds no truth, but never a wrong one.
    if (out / TRUTH).exists():
        (out / TRUTH).rename(partial / "old-truth")
    for suffix in ("-wal", "-shm", "-journal"):  # SQLite would apply these of the old store to the new one
        (out / f"{STORE}{suffix}").unlink(missing_ok=True)
    (partial / STORE).replace(out / STORE)
    (partial / TRUTH).rename(out / TRUTH)
