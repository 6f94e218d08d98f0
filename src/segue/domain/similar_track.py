"""Tracks like some others: by who plays them, by content, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.domain.recommend import Query, Recommended, Step, recommend
from segue.domain.recommender import Listener, pool_of, prepare
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.domain.history import History
    from segue.domain.recommender import Recommender

ALIKE: Mapping[Step, tuple[str, ...]] = {
    Step.COLLABORATIVE: ("factors", "parts", "similarity"),
    Step.CONTENT: ("content",),
    Step.HYBRID: ("factors", "parts", "similarity", "content"),
}
"""The sources that know which tracks are alike; what needs fewer of them comes first."""


def similar(model: Recommender, subjects: History, how: Step, query: Query) -> tuple[Step, list[Recommended]]:
    """Return tracks like some others, and by which of `ALIKE` they were found.

    HYBRID goes on with the one half where the other is missing or does not know the tracks.

    Parameters
    ----------
    subjects : History
        The tracks, alike in confidence.
    how : Step
        COLLABORATIVE, CONTENT, or HYBRID for both, weighed as the ranker weighs them.
    query : Query

    Raises
    ------
    EmptyHistoryError
        No such model knows the tracks: ask by another, or see `lacks_models`.
    """
    sources = {name: s for name, s in prepare(model, Listener(subjects)).items() if name in ALIKE[how]}
    if not sources:
        raise EmptyHistoryError
    learnt = model.ranker.weights_of("pro") if model.ranker else {}
    weights = {name: learnt.get(name, 0.0) for name in sources}
    if not any(weights.values()):
        weights = dict.fromkeys(sources, 1.0)
    by = next(step for step, names in ALIKE.items() if sources.keys() <= set(names))
    return by, recommend(sources, weights, query, lambda rows, scores: pool_of(model, subjects, rows, scores))


def lacks_models(model: Recommender, how: Step) -> bool:
    """Tell whether a model is absent that might have known tracks which the others do not."""
    return any(getattr(model, name) is None for name in ALIKE[how])
