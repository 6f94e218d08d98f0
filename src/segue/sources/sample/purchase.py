"""What follows from listening: likes, dislikes, saves, and purchases with their invoices."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.session import DAY_S, end_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.listening import Listens, World

EVENTS = ("play", "skip", "like", "dislike", "save", "purchase")
_PLAY, _SKIP, _LIKE, _DISLIKE, _SAVE, _PURCHASE = range(len(EVENTS))
NOT_PLAYED = -1


@dataclass(frozen=True, slots=True)
class Interactions:
    """Rows of the table ``interaction``, sorted by listener and time; ``played_ms`` may be `NOT_PLAYED`."""

    listener: NDArray[np.int64]
    track: NDArray[np.int64]
    event: NDArray[np.int64]
    at_s: NDArray[np.int64]
    played_ms: NDArray[np.int64]
    session: NDArray[np.int64]
    context: NDArray[np.int64]

    def purchases(self) -> Interactions:
        """Return the purchases alone."""
        keep = self.event == _PURCHASE
        return Interactions(*(getattr(self, field.name)[keep] for field in fields(self)))

    @classmethod
    def joined(cls, parts: list[Interactions]) -> Interactions:
        """Return the rows of ``parts``, at least one, one after another."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def draw_reactions(rng: np.random.Generator, world: World, listens: Listens) -> Interactions:
    """Draw what listeners do about the tracks they heard, and what they buy.

    A liked track is liked once, a bought one bought once. What is bought within `checkout_days` is
    paid together, at the last of these moments: those purchases share their time and become an invoice.
    """
    heard = ~listens.skipped
    a = listens.affinity
    after = listens.start_s + listens.played_ms // 1000
    like = _first(listens, heard & (rng.random(len(a)) < _logistic(1.3 * a - 2.6)))
    dislike = _first(listens, ~heard & (rng.random(len(a)) < _logistic(-1.2 * a - 2.4)))
    save = _first(listens, heard & (rng.random(len(a)) < _logistic(1.1 * a - 3.0)))
    rate = world.params.buy_rate * world.listeners.spending[listens.listener]
    odds = rate * np.exp(1.1 * a)
    buy = _first(listens, heard & (rng.random(len(a)) < odds / (1 + odds)))
    everything = np.arange(len(a))
    row = np.concatenate([everything, like, dislike, save, buy])
    event = np.concatenate(
        [np.where(heard, _PLAY, _SKIP)]
        + [np.full(len(rows), kind) for rows, kind in ((like, _LIKE), (dislike, _DISLIKE), (save, _SAVE))]
        + [np.full(len(buy), _PURCHASE)]
    )
    at = after[row] - rng.integers(0, 4, len(row))
    at[: len(a)] = listens.start_s
    session = listens.session[row]
    paid = slice(len(row) - len(buy), None)
    at[paid], session[paid] = _checkout(world, listens, buy, after[buy])
    played = np.where(event <= _SKIP, listens.played_ms[row], NOT_PLAYED)
    order = np.lexsort((row, event, at, listens.listener[row]))
    columns = (listens.listener[row], listens.track[row], event, at, played, session, listens.context[row])
    return Interactions(*(column[order] for column in columns))


def _first(listens: Listens, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the marked rows, int64, without those of a listener and track marked before."""
    rows = np.flatnonzero(marked)
    pair = listens.listener[rows] << 32 | listens.track[rows]
    _, first = np.unique(pair, return_index=True)
    return np.asarray(rows[np.sort(first)])


def _checkout(
    world: World, listens: Listens, buy: NDArray[np.int64], wanted_s: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when and in which session each of the rows ``buy`` is paid: the last of its window."""
    window = int(world.params.checkout_days * DAY_S)
    listener = listens.listener[buy]
    phase = listener * 7919 % window  # not everybody pays on the same day
    basket = listener << 32 | (wanted_s + phase) // window
    # The rows are in the order of time within a listener, so that the last of a basket closes it.
    last = np.searchsorted(basket, basket, side="right") - 1
    return np.minimum(wanted_s[last] + 60, end_s()), listens.session[buy][last]


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x)))
