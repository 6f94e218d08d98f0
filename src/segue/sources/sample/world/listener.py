"""Draws the listeners: archetypes, tastes and their drift, friends, activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import Stage, draw_rows, stream
from segue.sources.sample.parameter import ARCHETYPES
from segue.sources.sample.world import genre
from segue.sources.sample.world.catalogue import TRAITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.parameter import Params

CONTEXTS = ("morning", "commute", "work", "workout", "evening", "party", "night")
_FRIEND_CANDIDATES = 24
_FRIEND_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Listeners:
    """All listeners; rows are customer ids minus one.

    Attributes
    ----------
    archetype : int64 (n,)
        Row of `ARCHETYPES`.
    taste_start, taste_end : float64 (n, n_genres)
        Share of each genre in a listener's choices on the first and on the last day; rows sum to 1.
    drift : float64 (n,)
        Share of the first day's taste that is replaced until the last day.
    trait : float32 (n, TRAITS)
        The traits of tracks that a listener likes within a genre; about standard normal.
    context : float64 (n, 7)
        Share of each of `CONTEXTS` in a listener's sessions; rows sum to 1.
    activity : float64 (n,)
        Expected number of sessions in two years for a listener who joins on the first day.
    spending : float64 (n,)
        Factor on the odds of buying a played track; 0 for listeners who never buy.
    joined : float64 (n,)
        Time of joining, as a share of the two years.
    friends : int64 (n_pairs, 2)
        Friendships (a, b), a < b, sorted, unique.
    friend_strength : float64 (n_pairs,)
        In [0, 1].
    """

    archetype: NDArray[np.int64]
    taste_start: NDArray[np.float64]
    taste_end: NDArray[np.float64]
    drift: NDArray[np.float64]
    trait: NDArray[np.float32]
    context: NDArray[np.float64]
    activity: NDArray[np.float64]
    spending: NDArray[np.float64]
    joined: NDArray[np.float64]
    friends: NDArray[np.int64]
    friend_strength: NDArray[np.float64]


def build_listeners(params: Params, seed: int, n: int) -> Listeners:
    """Draw ``n`` listeners; the draws do not depend on the catalogue."""
    rng = stream(seed, Stage.LISTENER)
    share = np.array([kind.share for kind in ARCHETYPES])
    archetype = rng.choice(len(ARCHETYPES), n, p=share / share.sum())
    start = _tastes(rng, params, archetype)
    drift = rng.beta(params.drift_alpha, params.drift_beta, n)
    trait = _traits(rng, archetype)
    friends, strength = _friends(stream(seed, Stage.FRIEND), params, start)
    target = _drift_targets(params, start, archetype)
    target = _influenced(target, start, friends, strength, params.friend_influence)
    late = rng.random(n) < params.late_joiners
    context = rng.dirichlet(np.array([1.6, 1.4, 1.8, 0.9, 2.2, 0.7, 0.8]), n)
    spending = np.exp(params.spend_sigma * rng.standard_normal(n))
    return Listeners(
        archetype=archetype,
        taste_start=start,
        taste_end=(1 - drift[:, None]) * start + drift[:, None] * target,
        drift=drift,
        trait=trait.astype(np.float32),
        context=context,
        activity=rng.gamma(params.session_shape, params.sessions_mean / params.session_shape, n),
        spending=np.where(rng.random(n) < params.never_buy, 0.0, spending),
        joined=np.where(late, rng.uniform(0.0, 0.85, n), 0.0),
        friends=friends,
        friend_strength=strength,
    )


def taste_at(
    start: NDArray[np.float64], end: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return tastes (n, n_genres) at ``share`` (n,) of the two years, including the market's growth.

    ((1 - τ) start + τ end) · exp(growth · τ), normalised.
    """
    tau = share[:, None]
    raw = ((1 - tau) * start + tau * end) * np.exp(genre.GROWTH * tau)
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _tastes(rng: np.random.Generator, params: Params, archetype: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw tastes from Dirichlet(concentration · market · nearness to the archetype's centre)."""
    centre = np.array([kind.centre for kind in ARCHETYPES])
    distance = ((genre.PLACE[None, :, :] - centre[:, None, :]) ** 2).sum(axis=2)
    prior = np.sqrt(genre.MARKET) * np.exp(-distance / (2 * params.archetype_width**2))
    prior = params.taste_concentration * prior / prior.sum(axis=1, keepdims=True)
    # Small shapes draw exact zeros: a small part of the prior keeps every taste positive.
    drawn = rng.standard_gamma(prior[archetype]) + 1e-3 * prior[archetype]
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _traits(rng: np.random.Generator, archetype: NDArray[np.int64]) -> NDArray[np.float64]:
    shared = rng.standard_normal((len(ARCHETYPES), TRAITS))[archetype]
    own = rng.standard_normal((len(archetype), TRAITS))
    return np.asarray(np.sqrt(0.3) * shared + np.sqrt(0.7) * own)


def _drift_targets(
    params: Params, start: NDArray[np.float64], archetype: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Move every taste along the archetype's direction, and prefer genres near several tastes."""
    target = np.empty_like(start)
    for index, kind in enumerate(ARCHETYPES):
        members = archetype == index
        reach = _kernel_to(np.array(kind.direction), params.drift_width)
        met = (start[members] @ reach) ** params.drift_sharpness
        target[members] = met / met.sum(axis=1, keepdims=True)
    return target


def _kernel_to(direction: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return P(h | g) of a drift, float64 (n_genres, n_genres): rows sum to 1."""
    reach = genre.kernel(direction, width)
    return np.asarray(reach / reach.sum(axis=1, keepdims=True))


def _friends(
    rng: np.random.Generator, params: Params, taste: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Let each listener choose friends among a few others, preferably with similar tastes."""
    n = len(taste)
    unit = taste / np.linalg.norm(taste, axis=1, keepdims=True)
    sociable = rng.poisson(params.friends_mean * np.exp(0.5 * rng.standard_normal(n) - 0.125))
    chooser = np.repeat(np.arange(n), sociable)
    other = np.empty_like(chooser)
    for first in range(0, len(chooser), _FRIEND_CHUNK):
        part = chooser[first : first + _FRIEND_CHUNK]
        met = rng.integers(0, n, (len(part), _FRIEND_CANDIDATES))
        alike = np.einsum("ik,ijk->ij", unit[part], unit[met])
        weight = np.exp(params.homophily * alike) * (met != part[:, None])
        other[first : first + len(part)] = met[np.arange(len(part)), draw_rows(rng, weight)]
    pairs = np.sort(np.column_stack([chooser, other]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    likeness = (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(axis=1)
    strength = 0.15 + 0.55 * likeness + 0.3 * rng.random(len(pairs))
    return pairs, strength


def _influenced(
    target: NDArray[np.float64],
    taste: NDArray[np.float64],
    friends: NDArray[np.int64],
    strength: NDArray[np.float64],
    influence: float,
) -> NDArray[np.float64]:
    """Blend the friends' mean taste, weighted by strength, into the target of a drift."""
    total = np.zeros(len(taste))
    heard = np.zeros_like(taste)
    for one, other in (friends.T, friends.T[::-1]):
        np.add.at(total, one, strength)
        np.add.at(heard, one, strength[:, None] * taste[other])
    weight = np.where(total > 0, influence, 0.0)[:, None]
    return np.asarray((1 - weight) * target + weight * heard / np.maximum(total, 1e-12)[:, None])
