"""Where a hyper-parameter may lie, and how a new value is drawn: anywhere, or near a good one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP = 0.15
"""Standard deviation of a step from a good value, as a share of the range."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, on a logarithmic scale if ``log``, whole if ``whole``."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, rng: np.random.Generator, near: Any = None) -> Any:
        """Draw a value, uniform on the scale or normal about ``near`` and within the range."""
        ends = np.array([self.low, self.high], np.float64)
        low, high = np.log(ends) if self.log else ends
        if near is None:
            place = rng.uniform(low, high)
        else:
            near = min(max(near, self.low), self.high)  # a default may lie outside, as 0 on a log scale
            centre = np.log(near) if self.log else near
            place = np.clip(rng.normal(centre, _STEP * (high - low)), low, high)
        value = float(np.exp(place)) if self.log else float(place)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else float(f"{value:.4g}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values, in their order."""

    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator, near: Any = None) -> Any:
        """Draw a value; with ``near``, one of its neighbours if this space has it."""
        values = self.values
        if near in values:
            at = values.index(near)
            values = (*values[max(at - 1, 0) : at], *values[at + 1 : at + 2]) or values
        return values[int(rng.integers(len(values)))]


Space = dict[str, Range | Choice]


def draw_params(
    space: Space, rng: np.random.Generator, near: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Draw a setting; near a good one, about half of its values move, one at least, and the others stay.

    A setting that is good has mostly good values: a step in all of them at once rarely leads upwards.
    """
    if near is None or not space:
        return {name: place.draw(rng) for name, place in space.items()}
    moved = rng.random(len(space)) < 0.5
    moved[rng.integers(len(space))] = True
    return {
        name: place.draw(rng, near[name]) if moves else near[name]
        for (name, place), moves in zip(space.items(), moved, strict=True)
    }
