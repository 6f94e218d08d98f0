"""A generated music store whose truth is known; docs/sample-store.md has the equations.

::

    genre ──► catalogue ──► listening ──► purchase ──► database
      └─────► listener ────────┘                  └──► truth
"""
