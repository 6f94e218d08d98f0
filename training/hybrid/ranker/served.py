"""What each tier is served: the hybrid of its sources, or the one source alone that later events prefer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.ranker import Ranker
from training.measure.comparison import p_better
from training.release.gate import ALPHA, REGRESSION_ALPHA, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Measures = dict[str, Values]

HYBRID = "hybrid"
"""What `choose_ranking` chooses unless a source alone is served."""

BASELINE = "popularity"
TOP_TIER = "pro"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one answerer did on the later events of the same listeners.

    Attributes
    ----------
    ndcg : float
        Mean.
    p_over_popular, p_over_hybrid : float
        P-values: the source is better than popularity, and than the hybrid, by luck alone.
    """

    ndcg: float
    p_over_popular: float
    p_over_hybrid: float

    @property
    def beats_popular(self) -> bool:
        """Whether the source is better than popularity by more than luck."""
        return self.p_over_popular < ALPHA


@dataclass(frozen=True, slots=True)
class Results:
    """NDCG of every test listener, float64 (n,) each.

    Attributes
    ----------
    reordered, ranked : dict of str to float64 (n,)
        By tier: of the hybrid's lists after reordering, and of the ranker's own order.
    alone : dict of str to float64 (n,)
        By source: of the source's own order.
    """

    reordered: Mapping[str, Values]
    ranked: Mapping[str, Values]
    alone: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Served:
    """What is served.

    Attributes
    ----------
    ranker : Ranker
    verdict : Verdict of str
        ``hybrid``, or the source that pro is served alone; the reason names the best source, what the
        reordering costs, and the tiers that are served otherwise.
    is_plain : bool
        Nothing is reordered.
    """

    ranker: Ranker
    verdict: Verdict[str]
    is_plain: bool

    def of(self, users: Mapping[str, Measures], ranked: Mapping[str, Measures]) -> Measures:
        """Pick the measures of what pro is served, from those by answerer or by tier before reordering."""
        if self.verdict.choice != HYBRID:
            return users[self.verdict.choice]
        return ranked[TOP_TIER] if self.is_plain else users[f"hybrid-{TOP_TIER}"]


def choose_served(ranker: Ranker, tested: Results, preferred: Sequence[str]) -> Served:
    """Ask the gate for every tier, with reordering; if a source alone would win, ask again without it.

    All tiers share one reordering. If one tier drops it, all tiers drop it.

    Parameters
    ----------
    ranker : Ranker
    tested : Results
    preferred : sequence of str
        Sources, the best on the validation part first. The first one that beats the hybrid is served.
    """
    verdicts = _verdicts(tested.reordered, tested.alone, preferred)
    is_plain = any(each.choice != HYBRID for each in verdicts.values())
    if is_plain:
        verdicts = _verdicts(tested.ranked, tested.alone, preferred)
        ranker = replace(ranker, diversity=0.0, calibration=0.0, artist_share=1.0)
    weight = ranker.weight.copy()
    for row, tier in enumerate(ranker.tiers):
        if (name := verdicts[tier].choice) != HYBRID:
            weight[row] = alone(name)
    top = verdicts[TOP_TIER]
    told = [top.reason, _price(tested, is_plain=is_plain) if top.choice == HYBRID else ""]
    told += [
        f"The tier {tier} is served {verdict.choice} alone. {verdict.reason}"
        if verdict.choice != HYBRID
        else f"The tier {tier} is served the hybrid of what it opens."
        for tier, verdict in verdicts.items()
        if verdict.choice != top.choice
    ]
    reason = " ".join(each for each in told if each)
    return Served(replace(ranker, weight=weight), Verdict(top.choice, reason), is_plain)


def choose_ranking(hybrid: Standing, members: Mapping[str, Standing]) -> Verdict[str]:
    """Serve the hybrid if it beats popularity and no member surely beats it, else one member alone.

    Parameters
    ----------
    hybrid : Standing
    members : mapping of str to Standing
        Each source alone, ``popularity`` among them; the first is preferred among those that may be served.
    """
    popular = members["popularity"].ndcg
    over_popular = f"NDCG {hybrid.ndcg:.4f} against {popular:.4f}, p = {hybrid.p_over_popular:.2g}"
    better = {name: each for name, each in members.items() if each.p_over_hybrid < REGRESSION_ALPHA}
    if hybrid.beats_popular and not better:
        best = max(members, key=lambda name: members[name].ndcg)
        return Verdict(
            HYBRID,
            f"The hybrid beats popularity ({over_popular}), and no source alone beats it by more than luck "
            f"(the best, {best}, has {members[best].ndcg:.4f}): it is served.",
        )
    for name, each in (better if hybrid.beats_popular else members).items():
        if hybrid.beats_popular:
            figures = f"NDCG {each.ndcg:.4f} against {hybrid.ndcg:.4f}, p = {each.p_over_hybrid:.2g}"
            return Verdict(name, f"{name.capitalize()} alone beats the hybrid ({figures}): it is served.")
        if each.beats_popular:
            return Verdict(
                name,
                f"The hybrid does not beat popularity ({over_popular}), {name} alone does ({each.ndcg:.4f}): "
                "it is served.",
            )
    return Verdict(
        "popularity", f"The hybrid does not beat popularity ({over_popular}): popularity is served."
    )


def alone(name: str) -> NDArray[np.float32]:
    """Return the weights of one source alone, float32 (n_sources,)."""
    return np.array([each == name for each in SOURCES], np.float32)


def popular_ranker(why: str) -> Ranker:
    """Return the ranker that trusts popularity alone, whatever the tier; listeners read ``why``."""
    weight = np.tile(alone(BASELINE), (len(TIER_SOURCES), 1))
    return Ranker(SOURCES, tuple(TIER_SOURCES), weight, why_popular=why)


def _verdicts(
    lists: Mapping[str, Values], alone: Mapping[str, Values], preferred: Sequence[str]
) -> dict[str, Verdict[str]]:
    def standing(values: Values, hybrid: Values) -> Standing:
        popular = alone[BASELINE]
        return Standing(float(values.mean()), p_better(values, popular), p_better(values, hybrid))

    return {
        tier: choose_ranking(
            standing(hybrid, hybrid),
            {name: standing(alone[name], hybrid) for name in preferred if name in TIER_SOURCES[tier]},
        )
        for tier, hybrid in lists.items()
    }


def _price(tested: Results, *, is_plain: bool) -> str:
    before, after = (float(each[TOP_TIER].mean()) for each in (tested.ranked, tested.reordered))
    share = 1 - after / before if before else 0.0
    told = f"{share:.1%} of its NDCG" if share > 0 else "none of its NDCG"
    if is_plain:
        return (
            f"It is served in the ranker's own order, as reordering would cost {told} and let a source win."
        )
    return f"Reordering for variety costs {told}."
