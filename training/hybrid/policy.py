"""What the gate decides of a recommender: whether the hybrid is served, or one source alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.release.gate import ALPHA, REGRESSION_ALPHA, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

HYBRID = "hybrid"
"""What `choose_ranking` chooses unless a source alone is served."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one answerer did on the later events of the same listeners.

    Attributes
    ----------
    ndcg : float
        Mean.
    p_over_popular, p_over_hybrid : float
        That it is better by luck alone than what everybody plays, and than the hybrid.
    """

    ndcg: float
    p_over_popular: float
    p_over_hybrid: float

    @property
    def beats_popular(self) -> bool:
        """Whether it does, by more than luck."""
        return self.p_over_popular < ALPHA


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
