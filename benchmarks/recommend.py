"""POST /recommend/user, whole, beside implicit on the same factors: ``python -m benchmarks.recommend``.

For catalogues of 10 000, 100 000 and a million tracks and histories of 5, 50 and 500:

* handler: what Lambda calls, with an API Gateway event: request checked, events read from SQLite, every
  source of the hybrid asked, ranked, reordered, described and written as JSON; with reasons and without;
* answer: `segue.domain.recommend.recommender.answer` alone, of the same listener;
* answer, every track: the same without the cells of large catalogues, and which share of its list is served;
* factors alone: `fold_in` and `top_items`, one source of the eight;
* implicit: ``recommend(recalculate_user=True)``, which does what the line before does, and no more.

All in one process on the artifacts as they are published, mapped from disk, taking turns in blocks. Each has
its p50 and p99 by the clock, and the p50 of the processor's time: where others use the machine too, the clock
counts their turns, so trust the ratios. Models come from `benchmarks._synthetic`, which says what they are.
The function's memory is read before the peer is imported; mapped pages count as resident once they were read.

``--against ROOT`` compares the handler with that of another checkout instead. Two processes take turns, a
block of all listeners each. The ratio is the median of the blocks' ratios, in the processor's time; beside it
stands how far the blocks are apart. ``--against .`` tells how much the machine alone changes.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks._function import LENGTHS
from benchmarks._synthetic import world

SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time and memory of a recommendation.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--factors", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1, help="of BLAS")
    parser.add_argument("--against", type=Path, help="another checkout to take turns with")
    asked = parser.parse_args()
    if asked.against:
        for size in asked.sizes:
            Console().print(beside(asked.against.resolve(), size, asked.factors, asked.rounds))
        return
    console, memory = Console(width=120), Table("tracks", "INIT s", "first ms", "resident MB", "of it mapped")
    for size in asked.sizes:
        report = measure(size, asked.factors, asked.rounds, asked.threads)
        title = (
            f"{size} tracks, {asked.factors} factors, {asked.rounds} calls, {asked.threads} BLAS thread(s)"
        )
        console.print(table_of(report["ms"], title), f"load average {os.getloadavg()[0]:.1f}")
        shares = ", ".join(f"{share:.3f} of {length}" for length, share in report["recall"].items())
        console.print(f"of the exact list are served, by length of history: {shares}")
        used = report["memory_mb"]
        figures = (report["init_s"], report["first_ms"], used["resident"], used["mapped"])
        memory.add_row(str(size), *(f"{figure:.3g}" for figure in figures))
    console.print(memory)


def measure(size: int, n_factors: int, rounds: int, threads: int) -> dict[str, Any]:
    made = world(size, n_factors)
    environment = os.environ | made.environment | {"OPENBLAS_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "benchmarks._function", str(rounds)]
    child = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(child.stdout)


def beside(other: Path, size: int, n_factors: int, rounds: int) -> Table:
    """Call the handlers of this checkout and of another, in turns of a block."""
    roots = {"old": other, "new": Path(__file__).parents[1]}
    columns = ("history", "reasons", "old ms", "new ms", "new / old", "a tenth below", "a tenth above")
    table = Table(*columns, title=f"{size} tracks")
    with contextlib.ExitStack() as stack:
        running = {
            name: stack.enter_context(taking_turns(root, name, size, n_factors))
            for name, root in roots.items()
        }
        for length, explain in itertools.product(LENGTHS, (1, 0)):
            taken: dict[str, list[list[float]]] = {name: [] for name in running}
            for number in range(-1, rounds):  # the first turn warms the caches
                for name in sorted(running, reverse=number % 2 == 0):
                    process = running[name]
                    print(length, explain, file=process.stdin, flush=True)
                    taken[name].append(json.loads(process.stdout.readline()))
            old, new = (np.median(taken[name][1:], axis=1) for name in ("old", "new"))
            figures = (np.median(old), np.median(new), *np.quantile(new / old, (0.5, 0.1, 0.9)))
            table.add_row(str(length), ("without", "with")[explain], *(f"{each:.2f}" for each in figures))
    return table


def taking_turns(root: Path, name: str, size: int, n_factors: int) -> subprocess.Popen[str]:
    """Start ``benchmarks._turns`` on the code of a checkout, with a world of that code's own."""
    folder = Path(tempfile.gettempdir()) / f"segue-turns-{name}"
    folder.mkdir(exist_ok=True)
    path = os.pathsep.join((str(root / "src"), str(root)))
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("_turns.py")), str(size), str(n_factors)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, cwd=root, stdin=pipe, stdout=pipe, text=True)


def table_of(taken: dict[str, dict[str, list[list[float]]]], title: str) -> Table:
    columns = ("history", "", "p50 ms", "p99 ms", "p50 of processor ms", "implicit / it")
    table = Table(*columns, title=title)
    for length, variants in taken.items():
        peer = np.median(np.array(variants["implicit"])[:, 0])
        for name, rows in variants.items():
            clock, spent = np.array(rows).T
            p50, p99 = np.quantile(clock, (0.5, 0.99))
            cells = (p50, p99, np.median(spent), peer / p50)
            table.add_row(length, name, *(f"{cell:.2f}" for cell in cells))
        table.add_section()
    return table


if __name__ == "__main__":
    main()
