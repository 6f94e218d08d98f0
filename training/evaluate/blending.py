"""A blend of the models of one run: their choices and fits are used again, only weights are learnt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segue.errors import NotEnoughDataError
from training.algorithm.blend import build_blend, learn_weights
from training.measure.footprint import peak_bytes, reset_peak
from training.release.finite import fit_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training.algorithm.kind import AlgorithmKind, Scorer
    from training.algorithm.scorer import BlendScorer
    from training.measure.search import SearchTask


@dataclass(frozen=True, slots=True)
class BlendMember:
    """A model of the run: settings, what they fitted on the whole training part, and what that took."""

    kind: AlgorithmKind
    params: Mapping[str, Any]
    scorer: Scorer
    fit_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Blended:
    """A blend, its settings as they are reported, and what fitting it took, the members' fits included."""

    scorer: BlendScorer
    params: dict[str, Any]
    fit_seconds: float
    peak_bytes: int


def blend_members(
    members: Mapping[str, BlendMember], task: SearchTask, *, whole: bool, progress: Callable[[str], None]
) -> Blended:
    """Learn on the held-out part what each member weighs.

    Parameters
    ----------
    members : mapping of str to BlendMember
    task : SearchTask
        What settings were chosen on.
    whole : bool
        The part that the task fits on is the whole training part: the members' fits serve as they are.
    progress : callable of str
        Called with each stage as it begins.

    Raises
    ------
    NotEnoughDataError
        There is no member, or no user has an item held out.
    """
    users = task.users()
    if not members or not len(users):
        raise NotEnoughDataError(
            f"{len(members)} members could be fitted, {len(users)} users have an item held out: name more "
            "models besides the blend, or give more interactions."
        )
    reset_peak()
    start = time.perf_counter()
    held = [
        member.scorer if whole else fit_finite(member.kind.build(member.params), task.fit, progress)
        for member in members.values()
    ]
    progress("weights")
    weights, unit = learn_weights(held, task.fit, task.held_out[users], users, task.k)
    seconds = time.perf_counter() - start + sum(member.fit_seconds for member in members.values())
    named = {name: round(float(weight), 4) for name, weight in zip(members, weights, strict=True)}
    kept = [member.scorer for member, weight in zip(members.values(), weights, strict=True) if weight > 0]
    return Blended(
        scorer=build_blend(kept, weights[weights > 0], unit),
        params={"weights": named, "unit": unit},
        fit_seconds=seconds,
        peak_bytes=max(peak_bytes(), *(member.peak_bytes for member in members.values())),
    )
