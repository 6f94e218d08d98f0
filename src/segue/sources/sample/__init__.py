"""A generated music store whose truth is known; docs/sample-store.md has the equations.

::

    genre ──► catalogue ──► listening ──► purchase ──► database
      └─────► listener ────────┘                  └──► truth
"""

from segue.sources.sample.store import generate
from segue.sources.sample.truth import SampleInfo, describe

__all__ = ["SampleInfo", "describe", "generate"]
