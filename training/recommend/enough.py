"""How much data figures can be trusted on, and how much is well enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MINIMUM = {"tracks": 10_000, "listeners": 1_000, "events": 50_000}
RECOMMENDED = {"tracks": 100_000, "listeners": 10_000, "events": 1_000_000}


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
