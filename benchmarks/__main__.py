"""Run every benchmark, one after the other: ``make bench``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

for module in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    if module.stem != "__main__":
        print(f"\n{module.stem}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{module.stem}"], check=True)
