"""The parameters of the generative model, except the properties of single genres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

START = np.datetime64("2024-01-01T00:00:00", "s")
END = np.datetime64("2026-01-01T00:00:00", "s")
"""The store's two years: START ≤ every event < END. They are fixed, so that a seed always makes one store."""

SPAN_S = int((END - START).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of listener, with a starting point and a direction of drift in the taste space."""

    name: str
    share: float
    centre: tuple[float, float, float]
    direction: tuple[float, float, float]


ARCHETYPES = (
    Archetype("charts", 0.17, (0.05, 0.40, -0.85), (-0.25, -0.10, 0.80)),
    Archetype("clubber", 0.11, (0.45, 0.75, -0.45), (0.25, 0.15, 0.55)),
    Archetype("guitars", 0.14, (0.70, -0.25, 0.10), (-0.75, -0.10, 0.15)),
    Archetype("heavy", 0.08, (0.85, -0.10, 0.30), (-0.45, 0.20, 0.00)),
    Archetype("songwriter", 0.10, (-0.45, -0.45, -0.10), (0.15, 0.65, 0.05)),
    Archetype("groove", 0.12, (0.05, 0.00, -0.20), (-0.30, -0.35, 0.75)),
    Archetype("street", 0.11, (0.20, 0.30, -0.40), (-0.35, -0.40, 0.25)),
    Archetype("connoisseur", 0.07, (-0.60, -0.65, 0.75), (0.35, 0.25, -0.50)),
    Archetype("dreamer", 0.06, (-0.45, 0.45, 0.45), (0.65, 0.25, -0.10)),
    Archetype("hometown", 0.04, (-0.20, -0.45, -0.40), (0.60, 0.15, 0.30)),
)


@dataclass(frozen=True, slots=True)
class Params:
    """Strengths of the model's mechanisms; docs/sample-store.md has the equation of each.

    Attributes
    ----------
    neighbour_width, archetype_width, drift_width : float
        Widths of the kernels in the taste space: nearness of genres, reach of an archetype, blur of
        a drift.
    taste_concentration : float
        Sum of the Dirichlet weights of a listener's tastes: a smaller sum gives fewer tastes.
    drift_alpha, drift_beta : float
        Parameters of the Beta distribution of the share of a taste that two years replace.
    drift_sharpness : float
        Exponent by which a drift prefers genres near several tastes.
    friend_influence : float
        Weight of the friends' mean taste in the target of a drift.
    friends_mean, homophily : float
        Mean number of friendships that a listener starts; how strongly similar taste attracts friends.
    exploration : float
        Share of choices in a neighbouring genre instead of an own one.
    context_pull : float
        How strongly the time of day favours genres and tracks of its energy and valence.
    sessions_mean, session_shape, session_tracks : float
        Mean sessions in two years, Gamma shape of that number, mean number of further tracks in a session.
    fresh, same_artist : float
        Probabilities that a session's next track has a newly drawn genre, or has the same artist;
        otherwise it has the same genre.
    zipf : float
        Exponent of popularity by rank, within genres.
    candidates : int
        Number of tracks among which a listener chooses one to play.
    weight_taste, weight_match, weight_quality, weight_mood : float
        Weights of the terms of affinity.
    never_buy, spend_sigma, buy_rate : float
        Share of listeners who never buy; log standard deviation of the readiness to buy, and its median.
    checkout_days : float
        Tracks bought within this many days share an invoice.
    late_joiners : float
        Share of listeners who join after the first day.
    pass_on, tip_days : float
        Chance, times the strength of the friendship, that a friend hears a liked or saved track; maximum
        number of days until then.
    theme_followers : float
        Chance that a listener follows a theme.
    theme_genres, theme_tracks : int
        Number of genres of a theme, and number of its tracks in each genre.
    theme_session, theme_elsewhere, theme_run : float
        Chance that a follower's session ends with the theme, in the theme's context and in others; mean
        number of further tracks of the theme.
    shared_liking : float
        Added to the affinity of a shared track.
    """

    neighbour_width: float = 0.45
    archetype_width: float = 0.45
    taste_concentration: float = 2.2
    drift_width: float = 0.20
    drift_alpha: float = 6.0
    drift_beta: float = 2.5
    drift_sharpness: float = 3.0
    friend_influence: float = 0.10
    friends_mean: float = 3.0
    homophily: float = 6.0
    exploration: float = 0.06
    context_pull: float = 0.5
    sessions_mean: float = 24.0
    session_shape: float = 2.2
    session_tracks: float = 6.5
    fresh: float = 0.35
    same_artist: float = 0.20
    zipf: float = 0.75
    candidates: int = 6
    weight_taste: float = 1.2
    weight_match: float = 0.8
    weight_quality: float = 0.4
    weight_mood: float = 0.3
    never_buy: float = 0.015
    spend_sigma: float = 0.55
    buy_rate: float = 0.55
    checkout_days: float = 14.0
    late_joiners: float = 0.25
    pass_on: float = 0.30
    tip_days: float = 60.0
    theme_followers: float = 0.10
    theme_genres: int = 5
    theme_tracks: int = 6
    theme_session: float = 0.50
    theme_elsewhere: float = 0.10
    theme_run: float = 4.0
    shared_liking: float = 1.0
