"""What the gate decides of the genre preference: who answers, and whether rare genres are served no worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.domain.genre_preference.preference import BASELINES, Answerer
from training.release.gate import ALPHA, REGRESSION_ALPHA, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.genre_preference.evaluation import Estimate
    from training.release.trainer import Criterion


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


def words(answerer: Answerer) -> str:
    """Name an answerer in a sentence for people."""
    return {
        Answerer.FOREST: "the forest",
        Answerer.MOST_COMMON_GENRE: "a constant answer (the most common genre)",
        Answerer.OWN_PAST_FAVOURITE: "the customer's own past favourite",
        Answerer.RECENT_FAVOURITE: "the customer's recent favourite",
    }[answerer]
