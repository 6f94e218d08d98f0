"""Names for mixes, from what is in them: "Melancholic indie: A, B and more"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue import AUDIO_FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue import Catalogue
    from segue.domain.text import Labels

Tone = tuple[float, float]
"""Valence and energy, 0 … 1 each."""

ADJECTIVES = {(1, 1): "Upbeat", (1, -1): "Mellow", (-1, 1): "Intense", (-1, -1): "Melancholic"}
"""By the signs of valence and energy: the quarters of the circumplex (Russell, "A circumplex model of
affect", 1980)."""
CLEAR_TONE = 0.1
"""How far both have to be from the ordinary before a title speaks of them."""

_TONE = [AUDIO_FEATURES.index(name) for name in ("valence", "energy")]


def ordinary_tone(catalogue: Catalogue) -> Tone:
    """Return the median valence and energy of a catalogue, 0.5 where unknown: once for a version."""
    return _mean_or(np.array([_median(catalogue.audio[:, column]) for column in _TONE]), (0.5, 0.5))


def mix_titles(
    catalogue: Catalogue,
    rows: NDArray[np.int32],
    weight: NDArray[np.float64],
    group: NDArray[np.intp],
    ordinary: Tone,
) -> list[str]:
    """Name the groups of a history, each otherwise.

    Parameters
    ----------
    catalogue : Catalogue
    rows : int32 (h,)
        The history's tracks.
    weight : float64 (h,)
        What each counts for, > 0.
    group : intp (h,)
        The group of each, 0 … without gaps.
    ordinary : Tone
        What is neither cheerful nor sad, neither calm nor wild: `ordinary_tone`.
    """
    genres = label_weights(catalogue.genres, rows, weight, group)
    artists = label_weights(catalogue.artists, rows, weight, group, first_only=True)
    plain: list[str] = []
    titles: list[str] = []
    for number in range(int(group.max()) + 1):
        inside = group == number
        adjective = _adjective(catalogue.audio[rows[inside]][:, _TONE], weight[inside], ordinary)
        words = f"{adjective} {_typical(genres, number) or 'mix'}".strip()
        title = words[0].upper() + words[1:] + _by(_heaviest(artists[number], 2))
        plain.append(title)
        again = plain.count(title)
        titles.append(f"{title} ({again})" if again > 1 else title)
    return titles


def label_weights(
    labels: Labels,
    rows: NDArray[np.int32],
    weight: NDArray[np.float64],
    group: NDArray[np.intp],
    *,
    first_only: bool = False,
) -> list[dict[str, float]]:
    """Add up weights by group and label; a track's labels share its weight, or its first has all."""
    sums: list[dict[str, float]] = [{} for _ in range(int(group.max()) + 1)]
    for row, each, number in zip(rows.tolist(), weight.tolist(), group.tolist(), strict=True):
        names = labels.of(row)[: 1 if first_only else None]
        for name in names:
            sums[number][name] = sums[number].get(name, 0.0) + each / len(names)
    return sums


def _typical(genres: list[dict[str, float]], number: int) -> str:
    """Name the genre that is both much of a group and more of it than of the others; empty for none.

    The greatest p · (1 + log(p / q)), with p its share of the group and q its mean share of all groups.
    """
    totals = [sum(each.values()) or 1.0 for each in genres]

    def merit(name: str) -> float:
        shares = [each.get(name, 0.0) / total for each, total in zip(genres, totals, strict=True)]
        return float(shares[number] * (1 + np.log(shares[number] / np.mean(shares))))

    return max(sorted(genres[number]), key=merit, default="")


def _heaviest(weights: dict[str, float], n: int) -> list[str]:
    return sorted(weights, key=lambda name: (-weights[name], name))[:n]


def _by(artists: list[str]) -> str:
    return f": {', '.join(artists)} and more" if artists else ""


def _adjective(tone: NDArray[np.float32], weight: NDArray[np.float64], ordinary: Tone) -> str:
    known = ~np.isnan(tone).any(axis=1)
    if not known.any():
        return ""
    apart = np.average(tone[known], axis=0, weights=weight[known]) - ordinary
    return (
        ADJECTIVES[int(np.sign(apart[0])), int(np.sign(apart[1]))] if (abs(apart) >= CLEAR_TONE).all() else ""
    )


def _median(values: NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _mean_or(values: NDArray[np.float64], fallback: Tone) -> Tone:
    valence, energy = np.where(np.isnan(values), fallback, values).tolist()
    return valence, energy
