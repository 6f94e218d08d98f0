"""Decide what is served: pure functions from measurements to a verdict in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from segue.domain.genre_preference.preference import BASELINES, Answerer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.genre_preference.evaluation import Estimate

T = TypeVar("T")

HYBRID = "hybrid"
"""What `choose_ranking` chooses unless a source alone is served."""

ALPHA = 0.01
"""The forest must beat each baseline with a smaller p-value than this."""

REGRESSION_ALPHA = 0.05
"""A challenger is refused when the champion beats it on the same customers with a smaller p-value."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the gate compares with the live version.

    Attributes
    ----------
    metric : str
    margin : float
        A challenger is refused while it may be worse by this much.
    of : str
        Who the metric is measured on, in the plural.
    """

    metric: str
    margin: float
    of: str


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """A decision and the reason for it, in a sentence."""

    choice: T
    reason: str


def choose_answerer(
    accuracy: Mapping[Answerer, Estimate],
    p_value: Mapping[Answerer, float],
    macro_f1_gain: Mapping[Answerer, Estimate],
) -> Verdict[Answerer]:
    """Serve the forest if it beats every baseline by more than luck, else the best baseline.

    Parameters
    ----------
    accuracy : mapping of Answerer to Estimate
        Of all, on the same test customers.
    p_value : mapping of Answerer to float
        Of each baseline: that the forest is right more often, by luck alone.
    macro_f1_gain : mapping of Answerer to Estimate
        Of each baseline: how much greater the forest's macro F1 is; it must not be surely less.
    """
    best = max(BASELINES, key=lambda name: accuracy[name].value)
    figures = ", ".join(f"{words(name)} {estimate.value:.1%}" for name, estimate in accuracy.items())
    coarser = [name for name in BASELINES if macro_f1_gain[name].high < 0]
    greatest = max(p_value[name] for name in BASELINES)
    if greatest < ALPHA and not coarser:
        return Verdict(
            Answerer.FOREST,
            f"The forest beats all baselines (right: {figures}; p ≤ {greatest:.2g}): it is served.",
        )
    if accuracy[best].value >= accuracy[Answerer.FOREST].value:
        comparison = f"{words(best)} is at least as good as the forest"
    elif p_value[best] >= ALPHA or not coarser:
        comparison = (
            f"the forest is not better than {words(best)} by more than luck (p = {p_value[best]:.2g})"
        )
    else:
        best = max(coarser, key=lambda name: accuracy[name].value)
        comparison = (
            f"{words(best)} does rare genres better than the forest "
            f"(macro F1 {-macro_f1_gain[best].value:+.3f})"
        )
    return Verdict(best, f"On this data {comparison} (right: {figures}). Served: {words(best)}.")


def accept_genre_challenger(
    accuracy: Verdict[bool], macro_f1: Criterion, macro_f1_gain: Estimate, rarest: tuple[str, float]
) -> Verdict[bool]:
    """Accept a genre challenger that `accept_challenger` accepts and that serves rare genres no worse.

    Parameters
    ----------
    accuracy : Verdict of bool
        Of `accept_challenger`; a refusal stands.
    macro_f1 : Criterion
    macro_f1_gain : Estimate
        How much greater the challenger's macro F1 is; its interval must not lie below minus the margin.
    rarest : tuple of str and float
        The genre that the challenger recalls least, and the p-value that the champion recalls it better by
        luck alone; must not be below ``REGRESSION_ALPHA``.
    """
    if not accuracy.choice:
        return accuracy
    if macro_f1_gain.high < -macro_f1.margin:
        return Verdict(
            False,
            f"The champion does rare genres better (macro F1 of the challenger {macro_f1_gain.value:+.3f}, "
            f"95 % interval {macro_f1_gain.low:+.3f} to {macro_f1_gain.high:+.3f}).",
        )
    genre, p_champion_better = rarest
    if p_champion_better < REGRESSION_ALPHA:
        return Verdict(
            False,
            f"The champion recalls {genre}, the challenger's worst genre, better "
            f"(p = {p_champion_better:.2g}).",
        )
    return accuracy


def accept_challenger(criterion: Criterion, gain: Estimate, p_champion_better: float) -> Verdict[bool]:
    """Accept a challenger that is surely not much worse than the champion on the same people.

    Parameters
    ----------
    criterion : Criterion
    gain : Estimate
        How much better the challenger is, paired by person: for answers see
        `training.genre_preference.evaluation.difference`, for ranked lists the share of the champion's mean.
        The whole interval must lie above minus the criterion's margin: too few people to tell is a reason to
        keep what is live.
    p_champion_better : float
        That the champion is better by luck alone; below ``REGRESSION_ALPHA`` it stays.
    """
    figures = (
        f"challenger against champion {gain.value:+.1%}, 95 % interval {gain.low:+.1%} to {gain.high:+.1%} "
        f"on {gain.n} {criterion.of}"
    )
    if p_champion_better < REGRESSION_ALPHA:
        return Verdict(False, f"The champion is better ({figures}; p = {p_champion_better:.2g}).")
    if not gain.low > -criterion.margin:  # written so that a figure that is no number refuses
        return Verdict(False, f"The challenger may be more than {criterion.margin:.0%} worse ({figures}).")
    return Verdict(True, f"The challenger is not worse than the champion ({figures}).")


def refuse_unmeasured(why: str) -> Verdict[bool]:
    """Refuse a challenger that could not be compared with the champion, which can be served."""
    return Verdict(False, f"The champion cannot be compared with: {why.rstrip('.')}. It stays.")


def words(answerer: Answerer) -> str:
    """Name an answerer in a sentence for people."""
    return {
        Answerer.FOREST: "the forest",
        Answerer.MOST_COMMON_GENRE: "a constant answer (the most common genre)",
        Answerer.OWN_PAST_FAVOURITE: "the customer's own past favourite",
        Answerer.RECENT_FAVOURITE: "the customer's recent favourite",
    }[answerer]


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
