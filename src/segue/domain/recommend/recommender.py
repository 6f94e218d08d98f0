"""A recommender's models, and the steps that can answer a listener, the strongest first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.content.content import Marks, read_marks
from segue.domain.model.content.rules import mood_source
from segue.domain.model.genre_taste import GenreIndex, build_genre_index
from segue.domain.model.member import Step
from segue.domain.model.popularity.popularity import most_played
from segue.domain.model.registry import SOURCES, SPECS, TIER_SOURCES
from segue.domain.model.sound_seed import sound_source
from segue.domain.recommend.pipeline import Query, Recommended, recommend
from segue.domain.recommend.ranker import gather
from segue.domain.recommend.reasons import weighted_reasons
from segue.domain.recommend.rerank import Pool
from segue.domain.recommend.taste_group import taste_groups
from segue.domain.recommend.wish_weight import MOOD, SOUND, with_asked, with_friends
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.history import History
    from segue.domain.listening.mood import Mood
    from segue.domain.listening.situation import Situation
    from segue.domain.model.candidate_source import CandidateSource
    from segue.domain.model.collaborative.item_factors import ItemFactors
    from segue.domain.model.content.content import Content
    from segue.domain.model.content.rules import MoodRules
    from segue.domain.model.popularity.popularity import Popularity
    from segue.domain.model.popularity.social import Social
    from segue.domain.recommend.ranker import Ranker
    from segue.domain.vector.nearest import NearestSearch

_LADDER = tuple(
    (step, {spec.name: spec.ladder[step] for _, spec in SPECS if step in spec.ladder})
    for step in Step
    if step is not Step.HYBRID
)
"""What answers without a ranker, or for a listener of whom too little is known for the step before."""

_PERSONAL = tuple(spec.name for _, spec in SPECS if spec.personal)


@dataclass(frozen=True, slots=True)
class Recommender:
    """Models of one catalogue; any may be missing but the catalogue itself.

    Attributes
    ----------
    catalogue : Catalogue
    groups : float32 (n_items, n_groups)
        From `segue.domain.recommend.taste_group.taste_groups`.
    genre_index : GenreIndex
        From `segue.domain.model.genre_taste.build_genre_index`.
    first : tuple of int32 (any,)
        From `segue.domain.model.popularity.popularity.most_played`: lately, and of all time.
    main_artist : int32 (n_items,)
        From `segue.domain.vector.column.Labels.first`: of the catalogue's artists.
    marks : tuple of Marks
        From `segue.domain.model.content.content.read_marks`.
    models : mapping of str to Any
        The value of each family by `segue.domain.model.member.Member.name`, where it can be served.
    ranker, content_search
        None where there is no such artifact, or it cannot be served.
    missing : mapping of str to str
        Why a family is not among these.
    """

    catalogue: Catalogue
    groups: NDArray[np.float32]
    genre_index: GenreIndex
    first: tuple[NDArray[np.int32], ...]
    main_artist: NDArray[np.int32]
    marks: tuple[Marks, ...]
    models: Mapping[str, Any] = field(default_factory=dict)
    ranker: Ranker | None = None
    content_search: NearestSearch | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def popularity(self) -> Popularity | None:
        """What everybody plays, if it can be served."""
        return self.models.get("popularity")

    @property
    def factors(self) -> ItemFactors | None:
        """Matrix factorisation, if it can be served."""
        return self.models.get("factors")

    @property
    def content(self) -> Content | None:
        """What tracks are like, if it can be served."""
        return self.models.get("content")

    @property
    def rules(self) -> MoodRules | None:
        """What moods and situations ask for, if it can be served."""
        return self.models.get("rules")

    @property
    def social(self) -> Social | None:
        """What friends like, if it can be served."""
        return self.models.get("social")

    def with_models(self, **models: Any) -> Recommender:
        """Return the same with other models of some members; None leaves one out."""
        kept = {name: model for name, model in {**self.models, **models}.items() if model is not None}
        return replace(self, models=kept)


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


def build_recommender(
    catalogue: Catalogue,
    *,
    ranker: Ranker | None = None,
    missing: Mapping[str, str] | None = None,
    **models: Any,
) -> Recommender:
    """Join models, by the names of their members, with what is computed from them once."""
    popularity: Popularity | None = models.get("popularity")
    return Recommender(
        catalogue,
        taste_groups(catalogue.genres, popularity),
        build_genre_index(catalogue.genres, None if popularity is None else popularity.all_time),
        () if popularity is None else (most_played(popularity.trending), most_played(popularity.all_time)),
        catalogue.artists.first(),
        read_marks(catalogue),
        {name: model for name, model in models.items() if model is not None},
        ranker,
        missing=missing or {},
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
    for member, spec in SPECS:
        value = model.models.get(member)
        if spec.name in TIER_SOURCES[listener.tier] and (value is not None or not member):
            try:
                source = spec.prepare(value, model, listener)
            except EmptyHistoryError:
                continue
            if source is not None:
                sources[spec.name] = source
    if model.rules is not None and (listener.mood or listener.situation):
        sources[MOOD] = mood_source(model.rules, listener.mood, listener.situation)
    if listener.sound:
        sources[SOUND] = sound_source(model.catalogue, listener.sound)
    return sources


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
    wanted = history.confidence[liked] @ model.groups.take(history.item_index[liked], axis=0)
    total = float(wanted.sum())
    share = (wanted / total if total else wanted).astype(np.float32)
    return Pool(scores, vectors, model.main_artist.take(rows), model.groups.take(rows, axis=0), share)
