"""Everything a recommender knows, and what of it can answer a listener: the strongest step first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.candidate_source import ReasonKind
from segue.domain.model.collaborative.sources import SimilaritySource, factor_source, part_source
from segue.domain.model.content.genre_taste import GenreIndex, build_genre_index, genre_source
from segue.domain.model.content.rules import mood_source
from segue.domain.model.content.sound_seed import sound_source
from segue.domain.model.content.vectors import ContentSource, Marks, read_marks
from segue.domain.model.popularity.plays import PopularitySource, most_played
from segue.domain.model.popularity.social import social_source
from segue.domain.recommend.pipeline import Query, Recommended, Step, recommend
from segue.domain.recommend.ranker import gather
from segue.domain.recommend.reasons import weighted_reasons
from segue.domain.recommend.rerank import Pool
from segue.domain.recommend.taste_group import taste_groups
from segue.domain.recommend.wish_weight import MOOD, SOUND, with_asked, with_friends
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.history import History
    from segue.domain.listening.mood import Mood
    from segue.domain.listening.situation import Situation
    from segue.domain.model.candidate_source import CandidateSource
    from segue.domain.model.collaborative.item_factors import ItemFactors
    from segue.domain.model.collaborative.item_similarity import ItemSimilarity
    from segue.domain.model.collaborative.nonnegative_factors import NonnegativeFactors
    from segue.domain.model.content.rules import MoodRules
    from segue.domain.model.content.vectors import Content
    from segue.domain.model.popularity.plays import Popularity
    from segue.domain.model.popularity.social import Social
    from segue.domain.recommend.ranker import Ranker
    from segue.domain.vector.nearest import NearestSearch

SOURCES = ("factors", "parts", "similarity", "content", "genre", "social", "trending", "popularity")
"""Every source that the ranker weighs, in the order of its columns."""

TIER_SOURCES: Mapping[str, frozenset[str]] = {
    "free": frozenset({"factors", "parts", "similarity", "genre", "trending", "popularity"}),
    "starter": frozenset(SOURCES),
    "pro": frozenset(SOURCES),
}
"""What each tier may draw on; pro opens the neural sources besides, where such a model is live."""

_LADDER = (
    (Step.COLLABORATIVE, {"factors": 1.0, "similarity": 1.0, "parts": 0.1}),
    (Step.CONTENT, {"content": 1.0}),
    (Step.GENRE, {"genre": 1.0, "popularity": 0.1}),
    (Step.POPULARITY, {"trending": 1.0, "popularity": 0.1}),
)
"""What answers without a ranker, or for a listener of whom too little is known for the step before."""

_PERSONAL = ("factors", "parts", "similarity", "content", "genre", "social")


@dataclass(frozen=True, slots=True)
class Recommender:
    """Models of one catalogue; any may be missing but the catalogue itself.

    Attributes
    ----------
    catalogue : Catalogue
    groups : float32 (n_items, n_groups)
        From `segue.domain.recommend.taste_group.taste_groups`.
    genre_index : GenreIndex
        From `segue.domain.model.content.genre_taste.build_genre_index`.
    first : tuple of int32 (any,)
        From `segue.domain.model.popularity.plays.most_played`: lately, and of all time.
    main_artist : int32 (n_items,)
        From `segue.domain.vector.column.Labels.first`: of the catalogue's artists.
    marks : tuple of Marks
        From `segue.domain.model.content.vectors.read_marks`.
    popularity, factors, parts, similarity, content, rules, social, ranker, content_search
        One family each; None where there is no such artifact, or it cannot be served.
    missing : mapping of str to str
        Why a family is None.
    """

    catalogue: Catalogue
    groups: NDArray[np.float32]
    genre_index: GenreIndex
    first: tuple[NDArray[np.int32], ...]
    main_artist: NDArray[np.int32]
    marks: tuple[Marks, ...]
    popularity: Popularity | None = None
    factors: ItemFactors | None = None
    parts: NonnegativeFactors | None = None
    similarity: ItemSimilarity | None = None
    content: Content | None = None
    rules: MoodRules | None = None
    social: Social | None = None
    ranker: Ranker | None = None
    content_search: NearestSearch | None = None
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecommendFor:
    """Who is answered, and what they wish for.

    Attributes
    ----------
    history : History
        What they played and liked, seeds included; what they dislike counts below 0.
    user_id : str
        Whose friends are asked; empty for none.
    friends : tuple of str
        Further users whose likes count.
    tier : str
        One of `TIER_SOURCES`.
    mood, situation
        What the music is for; None where nothing is asked.
    sound : mapping of str to float
        Values of `segue.domain.catalogue.tracks.AUDIO_FEATURES` that are seeds; empty for none.
    """

    history: History
    user_id: str = ""
    friends: tuple[str, ...] = ()
    tier: str = "pro"
    mood: Mood | None = None
    situation: Situation | None = None
    sound: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """Recommended tracks in their order, the step that found them, and why it was that one."""

    items: list[Recommended]
    step: Step
    because: str


def build_recommender(catalogue: Catalogue, **models: Any) -> Recommender:
    """Join models with what is computed from them once; the names are those of `Recommender`."""
    popularity: Popularity | None = models.get("popularity")
    return Recommender(
        catalogue,
        taste_groups(catalogue.genres, popularity),
        build_genre_index(catalogue.genres, None if popularity is None else popularity.all_time),
        () if popularity is None else (most_played(popularity.trending), most_played(popularity.all_time)),
        catalogue.artists.first(),
        read_marks(catalogue),
        **models,
    )


def answer(model: Recommender, listener: RecommendFor, query: Query) -> Answer:
    """Recommend by the strongest step that the models and the listener's history allow.

    The steps are those of `Step`. Where the query asks for no diversity of its own, set it to the
    ranker's: see `segue.domain.recommend.ranker.Ranker`.
    """
    sources = prepare(model, listener)
    step, weights, because = choose(model, sources, listener)
    used = {name: source for name, source in sources.items() if name in weights}

    def build_pool(rows: NDArray[np.int32], scores: NDArray[np.float32]) -> Pool:
        return pool_of(model, listener.history, rows, scores)

    return Answer(recommend(used, weights, query, build_pool), step, because)


def explain(model: Recommender, listener: RecommendFor, item_index: int, query: Query) -> Recommended:
    """Score one track, heard or not, as `answer` would score it among its candidates, with all reasons.

    Raises
    ------
    EmptyHistoryError
        Nothing can be said to this listener but what is popular, and nothing is.
    """
    sources = prepare(model, listener)
    _, weights, _ = choose(model, sources, listener)
    used = {name: source for name, source in sources.items() if name in weights}
    if not used:
        raise EmptyHistoryError
    scale = gather(used, query.allowed).scale
    (reasons,) = weighted_reasons(used, weights, scale, np.array([item_index], np.int32), query.n_reasons)
    return Recommended(item_index, sum(reason.contribution for reason in reasons), reasons)


def prepare(model: Recommender, listener: RecommendFor) -> dict[str, CandidateSource]:
    """Prepare every source that has something to say, by name, in the order of `SOURCES`."""
    sources: dict[str, CandidateSource] = {}
    for name, build in zip(SOURCES, _builders(model, listener), strict=True):
        if name in TIER_SOURCES[listener.tier]:
            try:
                source = build()
            except EmptyHistoryError:
                continue
            if source is not None:
                sources[name] = source
    if model.rules is not None and (listener.mood or listener.situation):
        sources[MOOD] = mood_source(model.rules, listener.mood, listener.situation)
    if listener.sound:
        sources[SOUND] = sound_source(model.catalogue, listener.sound)
    return sources


def _builders(model: Recommender, listener: RecommendFor) -> tuple[Callable[[], CandidateSource | None], ...]:
    """Return what builds each of `SOURCES`: None without its model, EmptyHistoryError without a history."""
    history, friends = listener.history, (listener.user_id, listener.friends)
    popularity = model.popularity
    return (
        lambda: None if model.factors is None else factor_source(model.factors, history),
        lambda: None if model.parts is None else part_source(model.parts, history),
        lambda: None if model.similarity is None else SimilaritySource(model.similarity, history),
        lambda: None if model.content is None else ContentSource(model.content, history, model.marks),
        lambda: genre_source(model.genre_index, history),
        lambda: None if model.social is None else social_source(model.social, history, *friends),
        lambda: (
            PopularitySource(popularity.trending, ReasonKind.TRENDING, model.first[0]) if popularity else None
        ),
        lambda: PopularitySource(popularity.all_time, first=model.first[1]) if popularity else None,
    )


def choose(
    model: Recommender, sources: Mapping[str, CandidateSource], listener: RecommendFor
) -> tuple[Step, dict[str, float], str]:
    """Return the step that answers, what each source weighs in it, and why it is not a stronger one."""
    personal = [name for name in _PERSONAL if name in sources]
    if SOUND in sources and not personal:
        because = "nothing is known of this listener yet: the audio features asked for choose the tracks"
        return Step.CONTENT, with_asked({}, sources), _and_missing(model, because)
    learnt = model.ranker.weights_of(listener.tier) if model.ranker else {}
    if model.ranker is not None and not learnt.keys() & set(_PERSONAL):
        weights = {name: weight for name, weight in learnt.items() if name in sources}
        because = model.ranker.why_popular
        return Step.POPULARITY, with_asked(weights, sources), _and_missing(model, because)
    if model.ranker is not None and personal:
        weights = with_friends(
            {name: weight for name, weight in learnt.items() if name in sources}, sources, listener
        )
        if weights.keys() & set(personal):
            step = _step_of(learnt, listener.tier)
            because = f"what has a weight for the tier {listener.tier} and knows this listener: "
            because += ", ".join(name for name in SOURCES if name in weights)
            return step, with_asked(weights, sources), _and_missing(model, because)
    reason = _why_no_hybrid(model, listener)
    for step, wanted in _LADDER[:-1]:
        weights = {name: weight for name, weight in wanted.items() if name in sources}
        if weights.keys() & set(_PERSONAL):
            return step, with_asked(weights, sources), reason
    step, wanted = _LADDER[-1]
    return step, with_asked({name: wanted[name] for name in wanted if name in sources}, sources), reason


def _step_of(learnt: Mapping[str, float], tier: str) -> Step:
    """Return what answers by these weights: one source alone is no hybrid, nor is a tier without content."""
    if len(learnt) == 1:
        return next((step for step, names in _LADDER if learnt.keys() <= names.keys()), Step.HYBRID)
    return Step.HYBRID if "content" in TIER_SOURCES[tier] else Step.COLLABORATIVE


def _why_no_hybrid(model: Recommender, listener: RecommendFor) -> str:
    if not len(listener.history):
        return _and_missing(model, "nothing is known of this listener yet")
    if model.ranker is None:
        return _and_missing(model, f"no ranker can be served ({model.missing.get('hybrid', 'none is live')})")
    if not (listener.history.confidence > 0).any():
        return _and_missing(model, "only dislikes are known of this listener yet")
    return _and_missing(model, "") or "no model knows the tracks of this listener"


def _and_missing(model: Recommender, reason: str) -> str:
    lost = ", ".join(sorted(model.missing.keys() - {"hybrid"}))
    return "; ".join(part for part in (reason, lost and f"models are missing: {lost}") if part)


def pool_of(
    model: Recommender, history: History, rows: NDArray[np.int32], scores: NDArray[np.float32]
) -> Pool:
    """Describe ranked tracks to the reordering, which sees whom they are by and what the listener likes."""
    nothing = np.zeros((len(rows), 0), np.float32)
    vectors = model.content.vectors.take(rows, axis=0) if model.content else nothing
    liked = history.confidence > 0
    wanted = history.confidence[liked] @ model.groups[history.item_index[liked]]
    total = float(wanted.sum())
    share = (wanted / total if total else wanted).astype(np.float32)
    return Pool(scores, vectors, model.main_artist[rows], model.groups[rows], share)
