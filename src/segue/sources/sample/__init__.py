"""Generates a music store with a known truth; docs/sample-store.md has the equations.

::

    genre ──► catalogue ──► listening ──► purchase ──► database
      └─────► listener ────────┘                  └──► truth
"""
