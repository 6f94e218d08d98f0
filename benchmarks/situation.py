"""Does it help to know the situation? ``python -m benchmarks.situation [--store LOCATION]``.

Events are divided in time: rules are learnt on the first 80 %, the weight of the situation's score is chosen
on the next 10, and the last 10 are measured. Whether the score knows what is played is asked in two ways:

* same listener: of a track played in a situation and one that the same listener played in another, how often
  does it prefer the first? 0.5 is chance, and tastes play no part;
* new tracks: the first play of a track is ranked among all that the listener had not heard, without and with
  the situation's score. The base is ln(1 + listeners of the track) + ln(0.01 + the listener's share of its
  genres). Hits are plays found among the first hundred; ± is the standard error of the paired difference.

Without ``--store`` a sample store of 2 000 customers and 4 000 tracks is generated, whose contexts ask for
energy and valence (docs/sample-store.md): there is a truth to be found.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix

from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.domain.listening.situation import (
    CIRCUMSTANCES,
    Activity,
    Day,
    Situation,
    TimeOfDay,
    circumstances_of,
)
from segue.domain.model.content.rules import MoodRules, mood_source
from segue.sources.dataset import read_catalogue, read_interactions
from segue.sources.sample.store import generate
from training.algorithm.content.rules import fit_rules
from training.hybrid.data.split import TimePart, divide, take

SEED, N_HIT, N_PLAYS = 17, 100, 12_000
WEIGHTS = (0, 1, 2, 4, 6, 8, 12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", help="a store or dataset folder with times or contexts")
    given = parser.parse_args().store
    with tempfile.TemporaryDirectory() as folder:
        store = given or str(generate(Path(folder)))
        catalogue, interactions = read_catalogue(store)[0], read_interactions(store)[0]
    report(catalogue, interactions)


def report(catalogue, interactions) -> None:
    part = divide(interactions, catalogue, SEED).part
    early = take(interactions, part == TimePart.FIT)
    rules = {"prior": fit_rules(catalogue), "learnt": fit_rules(catalogue, early)}
    world = World(catalogue, early)
    chosen_on, tested_on = (
        world.plays(take(interactions, part == each)) for each in (TimePart.VALIDATION, TimePart.TEST)
    )
    table = Table("rules", "situation", "plays", "same listener", "weight", "hits without", "with", "±")
    without = world.hits(tested_on, None, 0)
    for name, rule in rules.items():
        weight = max(WEIGHTS, key=lambda each, rule=rule: world.hits(chosen_on, rule, each).mean())
        hits, preferred = world.hits(tested_on, rule, weight), world.preferred(tested_on, rule)
        for label in (-1, *np.unique(tested_on.circumstance[:, 2])):
            rows = np.flatnonzero((tested_on.circumstance[:, 2] == label) | (label == -1))
            better = (hits[rows] - without[rows]).std() / len(rows) ** 0.5
            cells = (f"{np.nanmean(preferred[rows]):.3f}", f"{weight}", f"{without[rows].mean():.4f}")
            where = "all" if label == -1 else CIRCUMSTANCES[label]
            table.add_row(name, where, f"{len(rows)}", *cells, f"{hits[rows].mean():.4f}", f"{better:.4f}")
        table.add_section()
    Console(width=110).print(table)


class Plays:
    """Plays in a known situation: user, track, and rows of `CIRCUMSTANCES`, -1 for none (n, 3)."""

    def __init__(self, user, track, circumstance) -> None:
        self.user, self.track, self.circumstance = user, track, circumstance

    def situations(self):
        """Yield each situation that occurs and its plays."""
        distinct, place = np.unique(self.circumstance, axis=0, return_inverse=True)
        for number, rows in enumerate(distinct):
            yield rows, np.flatnonzero(place.ravel() == number)


class World:
    """What is known before: who heard what, popularity, taste."""

    def __init__(self, catalogue, early) -> None:
        self.catalogue = catalogue
        user, track, _ = self._heard(early)
        shape = (len(early.users), len(catalogue))
        heard = csr_matrix((np.ones(len(user)), (user, track)), shape=shape)
        self.heard = heard.copy()
        heard.data[:] = 1
        genres = catalogue.genres
        rows = np.repeat(np.arange(len(genres)), np.diff(genres.start))
        membership = csr_matrix((np.ones(len(rows)), (rows, genres.label_index)))
        membership = membership.multiply(1 / np.maximum(membership.sum(axis=1), 1)).tocsr()
        taste = (self.heard @ membership).toarray()
        self.taste = taste / np.maximum(taste.sum(axis=1, keepdims=True), 1)
        self.membership = membership.toarray()
        self.popularity = np.log1p(np.asarray(heard.sum(axis=0)).ravel())

    def _heard(self, events):
        track = self.catalogue.vocabulary.index_of(events.items.item_id.tolist())[events.item_index]
        is_play = (events.kind == EVENT_KINDS.index(EventKind.PLAY)) & (track >= 0)
        return events.user_index[is_play], track[is_play], is_play

    def plays(self, events) -> Plays:
        """Draw plays that have a label and are new to who plays."""
        user, track, is_play = self._heard(events)
        label_of = np.array([CIRCUMSTANCES.index(c) if c in CIRCUMSTANCES else -1 for c in events.contexts])
        label = label_of[events.context[is_play]]
        when = circumstances_of(events.at[is_play])
        new = np.asarray(self.heard[user, track]).ravel() == 0
        kept = np.flatnonzero(new & (label >= 0))
        kept = np.sort(np.random.default_rng(SEED).permutation(kept)[:N_PLAYS])
        return Plays(user[kept], track[kept], np.column_stack([when, label])[kept])

    def hits(self, plays: Plays, rules: MoodRules | None, weight: float) -> np.ndarray:
        """Which plays are of a track among the first hundred that are new to the listener."""
        found = np.zeros(len(plays.track))
        for circumstance, rows in plays.situations():
            extra = weight * scores(rules, circumstance) if rules else 0.0
            for row in rows.tolist():
                user, track = plays.user[row], plays.track[row]
                score = self.popularity + np.log(0.01 + self.membership @ self.taste[user]) + extra
                score[self.heard.indices[self.heard.indptr[user] : self.heard.indptr[user + 1]]] = -np.inf
                found[row] = (score > score[track]).sum() < N_HIT
        return found

    def preferred(self, plays: Plays, rules: MoodRules) -> np.ndarray:
        """How often each play's track scores above those the listener played elsewhere; NaN without any."""
        all_scores = {rows.tobytes(): scores(rules, rows) for rows, _ in plays.situations()}
        better = np.full(len(plays.track), np.nan)
        for user in np.unique(plays.user):
            own = np.flatnonzero(plays.user == user)
            for row in own.tolist():
                score = all_scores[plays.circumstance[row].tobytes()]
                elsewhere = own[plays.circumstance[own, 2] != plays.circumstance[row, 2]]
                if len(elsewhere):
                    other, mine = score[plays.track[elsewhere]], score[plays.track[row]]
                    better[row] = ((mine > other) + 0.5 * (mine == other)).mean()
        return better


def scores(rules: MoodRules, circumstance: np.ndarray) -> np.ndarray:
    named = [CIRCUMSTANCES[row] for row in circumstance.tolist() if row >= 0]
    kinds = {"time_of_day": TimeOfDay, "day": Day, "activity": Activity}
    situation = Situation(
        **{
            field: next((kind(name) for name in reversed(named) if name in tuple(kind)), None)
            for field, kind in kinds.items()
        }
    )
    every = np.arange(len(rules.percentile), dtype=np.int32)
    return mood_source(rules, situation=situation).scores(every)


if __name__ == "__main__":
    main()
