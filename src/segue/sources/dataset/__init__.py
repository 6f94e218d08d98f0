"""Reads and cleans catalogues, interactions and friendships from any source, with an account of the cleaning.

::

    location ──► table | database ──► column ──► catalogue | interactions | friends ──► folder
                        └────────────────┴──────── account ────────┘

Only commands and training import this package: pandas takes too long to import for functions.
"""

from segue.sources.dataset.account import Account, Effect, Finding
from segue.sources.dataset.location import read_catalogue, read_friends, read_interactions

__all__ = ["Account", "Effect", "Finding", "read_catalogue", "read_friends", "read_interactions"]
