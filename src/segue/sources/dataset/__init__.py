"""Catalogues, interactions and friendships from wherever they are, with an account of the cleaning.

::

    location ──► table | database ──► column ──► catalogue | interactions | friends ──► folder
                        └────────────────┴──────── account ────────┘

For commands and training: functions never import this package, as pandas takes longer than they may.
"""

from segue.sources.dataset.account import Account, Effect, Finding
from segue.sources.dataset.location import read_catalogue, read_friends, read_interactions

__all__ = ["Account", "Effect", "Finding", "read_catalogue", "read_friends", "read_interactions"]
