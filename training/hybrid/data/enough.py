"""How much data figures can be trusted on, and how much is well enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MINIMUM = {"tracks": 10_000, "listeners": 1_000, "events": 50_000}
RECOMMENDED = {"tracks": 100_000, "listeners": 10_000, "events": 1_000_000}
LEAST_KNOWN = 0.5
"""Share of the events that are of tracks in the catalogue, below which the two hardly belong together."""


def warn_of_unknown(about: Mapping[str, Any]) -> list[str]:
    """Say that less than `LEAST_KNOWN` of the events are of tracks in the catalogue; others teach nothing.

    Parameters
    ----------
    about : mapping
        ``interactions`` with ``rows`` and ``rows_of_known_tracks``.
    """
    rows, known = (about["interactions"][name] for name in ("rows", "rows_of_known_tracks"))
    if known >= LEAST_KNOWN * rows:
        return []
    return [
        f"only {known:,} of {rows:,} events are of tracks in the catalogue, and no model learns from the "
        "others. Do the tracks and the events belong together, and do both use the same ids?"
    ]


def warn_of_little(about: Mapping[str, Any]) -> list[str]:
    """Say what of the data is below `MINIMUM`; nothing is refused for it.

    Parameters
    ----------
    about : mapping
        ``catalogue`` and ``interactions``, as `segue.sources.dataset.extent` describes them.
    """
    interactions = about["interactions"]
    has = {
        "tracks": about["catalogue"]["tracks"],
        "listeners": interactions["users"],
        "events": interactions["events"],
    }
    few = [f"{has[name]:,.0f} {name} of {least:,}" for name, least in MINIMUM.items() if has[name] < least]
    if not few:
        return []
    well = ", ".join(f"{count:,} {name}" for name, count in RECOMMENDED.items())
    told = f"little data: {', '.join(few)} that are the minimum ({well} are recommended)"
    return [f"{told}. Training goes on with what it can; the figures are uncertain."]
