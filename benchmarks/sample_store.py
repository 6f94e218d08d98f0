"""How long the sample store takes: 10 000 customers and 20 000 tracks, aim under a minute.

python -m benchmarks.sample_store
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.console import Console

from segue.sources.sample.store import generate


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        started_s = time.perf_counter()
        store = generate(Path(name), customers=10_000, tracks=20_000)
        seconds, size = time.perf_counter() - started_s, store.stat().st_size
    Console().print(f"10 000 customers × 20 000 tracks: {seconds:.1f} s, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
