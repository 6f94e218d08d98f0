"""Tracks like some others: by who plays them, by content, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.domain.model.content.content import ContentSource
from segue.domain.model.member import Step
from segue.domain.model.registry import SPECS
from segue.domain.recommend.pipeline import Query, Recommended, recommend
from segue.domain.recommend.recommender import RecommendFor, pool_of, prepare
from segue.domain.vector.nearest import MOST_EXACT, ExactSearch
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.content.content import Content
    from segue.domain.recommend.recommender import Recommender

_SIMILAR = {member: spec for member, spec in SPECS if spec.similar}

ALIKE: Mapping[Step, tuple[str, ...]] = {
    Step.COLLABORATIVE: tuple(name for name, spec in _SIMILAR.items() if Step.COLLABORATIVE in spec.ladder),
    Step.CONTENT: tuple(name for name, spec in _SIMILAR.items() if Step.CONTENT in spec.ladder),
    Step.HYBRID: tuple(_SIMILAR),
}
"""The sources that know which tracks are alike; each step that needs fewer of them comes first."""


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
    sources = {name: s for name, s in prepare(model, RecommendFor(subjects)).items() if name in ALIKE[how]}
    if not sources:
        raise EmptyHistoryError
    if model.content is not None and "content" in sources:
        sources["content"] = _NearSource(model.content, subjects, model)
    learnt = model.ranker.weights_of("pro") if model.ranker else {}
    weights = {name: learnt.get(name, 0.0) for name in sources}
    if not any(weights.values()):
        weights = dict.fromkeys(sources, 1.0)
    by = next(step for step, names in ALIKE.items() if sources.keys() <= set(names))
    return by, recommend(sources, weights, query, lambda rows, scores: pool_of(model, subjects, rows, scores))


def lacks_models(model: Recommender, how: Step) -> bool:
    """Tell whether a model is absent that might have known tracks which the others do not."""
    return any(name not in model.models for name in ALIKE[how])


class _NearSource(ContentSource):
    """Tracks whose vectors point the way of the subjects': by the index, or of a small catalogue exactly."""

    def __init__(self, content: Content, subjects: History, model: Recommender) -> None:
        super().__init__(content, subjects, model.marks)
        is_small = model.content_search is None and len(content.vectors) <= MOST_EXACT
        self._search = ExactSearch(content.vectors) if is_small else model.content_search

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks, best first, int32; without a search neighbours of the subjects."""
        if self._search is None:
            return super().best(n)
        (rows,), (cosines,) = self._search.search(self._profile[None], n)
        return rows[cosines > 0]
