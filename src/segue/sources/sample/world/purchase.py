"""Draws the reactions to listens: likes, dislikes, saves and purchases."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.world.session import DAY_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.world.listening import Listens, World

EVENTS = ("play", "skip", "like", "dislike", "save", "purchase")
_PLAY, _SKIP, _LIKE, _DISLIKE, _SAVE, _PURCHASE = range(len(EVENTS))
NOT_PLAYED = -1


@dataclass(frozen=True, slots=True)
class Reactions:
    """Rows of the table ``interaction``, sorted by listener and time; ``played_ms`` may be `NOT_PLAYED`."""

    listener: NDArray[np.int64]
    track: NDArray[np.int64]
    event: NDArray[np.int64]
    at_s: NDArray[np.int64]
    played_ms: NDArray[np.int64]
    session: NDArray[np.int64]
    context: NDArray[np.int64]

    def only(self, *events: str) -> Reactions:
        """Return only the rows of some of `EVENTS`."""
        keep = np.isin(self.event, [EVENTS.index(event) for event in events])
        return Reactions(*(getattr(self, field.name)[keep] for field in fields(self)))

    @classmethod
    def joined(cls, parts: list[Reactions]) -> Reactions:
        """Return the joined rows of ``parts``, at least one."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def draw_reactions(
    rng: np.random.Generator, world: World, listens: Listens, *, buying: bool = True
) -> Reactions:
    """Draw the reactions of listeners to the tracks they heard; purchases only if ``buying``.

    A listener likes, dislikes, saves or buys a track at most once. Purchases within `checkout_days` are paid
    together after the last of them: they share their time and session, and become one invoice.
    """
    heard, affinity = ~listens.skipped, listens.affinity
    ready = np.log(np.maximum(world.params.buy_rate * world.listeners.spending[listens.listener], 1e-30))
    chances = {
        _LIKE: np.where(heard, _logistic(1.3 * affinity - 2.6), 0.0),
        _DISLIKE: np.where(heard, 0.0, _logistic(-1.2 * affinity - 2.4)),
        _SAVE: np.where(heard, _logistic(1.1 * affinity - 3.0), 0.0),
        _PURCHASE: np.where(heard & buying, _logistic(1.1 * affinity + ready), 0.0),
    }
    reactions = {kind: _first(listens, rng.random(len(heard)) < chance) for kind, chance in chances.items()}
    bought = reactions[_PURCHASE]
    row = np.concatenate([np.arange(len(heard)), *reactions.values()])
    kinds = [np.full(len(rows), kind) for kind, rows in reactions.items()]
    event = np.concatenate([np.where(heard, _PLAY, _SKIP), *kinds])
    when = row.copy()  # row of the listen after which an event happens
    when[len(row) - len(bought) :] = _checkout(world, listens, bought)
    delay = np.where(event == _PURCHASE, 60, rng.integers(0, 4, len(row)))
    at = np.where(event <= _SKIP, listens.start_s[when], listens.ended_s[when] + delay)
    played = np.where(event <= _SKIP, listens.played_ms[row], NOT_PLAYED)
    listener, session, context = listens.listener[row], listens.session[when], listens.context[when]
    order = np.lexsort((row, event, at, listener))
    columns = (listener, listens.track[row], event, at, played, session, context)
    return Reactions(*(column[order] for column in columns))


def _first(listens: Listens, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first marked row, int64, of each listener and track."""
    rows = np.flatnonzero(marked)
    pair = listens.listener[rows] << 32 | listens.track[rows]
    _, first = np.unique(pair, return_index=True)
    return np.asarray(rows[np.sort(first)])


def _checkout(world: World, listens: Listens, buy: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of the rows ``buy`` the last one in its window, after which it is paid."""
    window = int(world.params.checkout_days * DAY_S)
    listener = listens.listener[buy]
    phase = listener * 7919 % window  # listeners pay on different days
    basket = listener << 32 | (listens.ended_s[buy] + phase) // window
    # The rows of a listener are in order of time, so the last row of a basket closes it.
    return np.asarray(buy[np.searchsorted(basket, basket, side="right") - 1])


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x)))
