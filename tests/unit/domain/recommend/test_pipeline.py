"""Gathering, ranking and explaining, on sources whose every number is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from segue.domain.listening.history import History
from segue.domain.model.candidate_source import NAMELESS, ReasonKind, ScoreParts
from segue.domain.recommend.pipeline import Query, recommend
from segue.domain.recommend.ranker import Ranker, gather
from segue.domain.recommend.reasons import N_REASONS, weighted_reasons
from segue.domain.recommend.rerank import Pool
from segue.errors import InvalidInputError

N_ITEMS = 40


@dataclass(frozen=True)
class Fixed:
    """Scores as given; each is two reasons, one of which all tracks share."""

    value: np.ndarray
    name: str

    def best(self, n):
        order = np.argsort(-self.value, kind="stable")[:n].astype(np.int32)
        return order[self.value[order] > 0]

    def scores(self, rows):
        return self.value[rows].astype(np.float32)

    def reasons(self, rows):
        at, nothing = np.arange(len(rows)), np.zeros(len(rows), np.int64)
        return [
            ScoreParts(ReasonKind.GENRE, at, 0.75 * self.value[rows], nothing, (self.name,)),
            ScoreParts(ReasonKind.POPULAR, at, 0.25 * self.value[rows], nothing, NAMELESS),
        ]


def sources(*values: np.ndarray) -> dict[str, Fixed]:
    return {f"s{place}": Fixed(value, f"s{place}") for place, value in enumerate(values)}


def plain_pool(rows, scores) -> Pool:
    none = np.zeros((len(rows), 0), np.float32)
    return Pool(scores, none, np.full(len(rows), -1, np.int32), none, np.zeros(0, np.float32))


def everything() -> np.ndarray:
    return np.ones(N_ITEMS, bool)


def test_order_is_that_of_the_weighted_sum(rng: np.random.Generator) -> None:
    first, second = rng.random(N_ITEMS), rng.random(N_ITEMS) * 100
    found = recommend(sources(first, second), {"s0": 2.0, "s1": 0.5}, Query(7, everything()), plain_pool)
    total = 2.0 * first / first.max() + 0.5 * second / second.max()
    assert [each.item_index for each in found] == np.argsort(-total)[:7].tolist()
    assert [each.score for each in found] == pytest.approx(np.sort(total)[::-1][:7], rel=1e-5)


def test_reasons_add_up_to_the_score(rng: np.random.Generator) -> None:
    values = [rng.random(N_ITEMS) for _ in range(2 * N_REASONS)]
    weights = {f"s{place}": 1.0 + place for place in range(len(values))}
    for each in recommend(sources(*values), weights, Query(5, everything()), plain_pool):
        assert sum(reason.contribution for reason in each.reasons) == pytest.approx(each.score, rel=1e-5)
        assert len(each.reasons) == N_REASONS + 1
        assert each.reasons[-1].kind is ReasonKind.REST


class Mixed(Fixed):
    """Fixed scores, most of which many genres share, and a little an artist."""

    def reasons(self, rows):
        at, place = np.divmod(np.arange(5 * len(rows)), 5)
        genres = tuple(f"genre {n}" for n in range(5))
        alone, nothing = np.arange(len(rows)), np.zeros(len(rows), np.int64)
        return [
            ScoreParts(ReasonKind.GENRE, at, 0.18 * self.value[rows][at], place, genres),
            ScoreParts(ReasonKind.ARTIST, alone, 0.1 * self.value[rows], nothing, ("artist",)),
        ]


def test_the_greatest_of_every_kind_is_told_before_the_second_of_any(rng: np.random.Generator) -> None:
    mixed = {"s0": Mixed(rng.random(N_ITEMS), "s0")}
    (best,) = recommend(mixed, {"s0": 1.0}, Query(1, everything(), n_reasons=2), plain_pool)
    assert [each.kind for each in best.reasons] == [ReasonKind.GENRE, ReasonKind.ARTIST, ReasonKind.REST]
    assert sum(each.contribution for each in best.reasons) == pytest.approx(best.score, rel=1e-5)


def test_parts_about_the_same_are_one_reason() -> None:
    value = np.linspace(1, 2, N_ITEMS)
    (best,) = recommend(sources(value, value), {"s0": 1.0, "s1": 1.0}, Query(1, everything()), plain_pool)
    assert [reason.kind for reason in best.reasons].count(ReasonKind.POPULAR) == 1


def test_what_is_not_allowed_is_never_recommended(rng: np.random.Generator) -> None:
    allowed = everything()
    allowed[np.argsort(-(value := rng.random(N_ITEMS)))[:30]] = False
    found = recommend(sources(value), {"s0": 1.0}, Query(20, allowed), plain_pool)
    assert {each.item_index for each in found} == set(np.flatnonzero(allowed).tolist())


def test_tracks_that_no_source_knows_fill_a_short_list() -> None:
    value = np.zeros(N_ITEMS)
    value[3] = 1
    found = recommend(sources(value), {"s0": 1.0}, Query(4, everything()), plain_pool)
    assert [each.item_index for each in found] == [3, 0, 1, 2]


def test_excluded_tracks_do_not_crowd_out_candidates(rng: np.random.Generator) -> None:
    """The best of a source are often just what was heard."""
    value = rng.random(400)
    allowed = np.ones(400, bool)
    allowed[np.argsort(-value)[:50]] = False
    assert len(gather(sources(value), allowed, n_candidates=10).rows) == 10


def test_a_source_that_says_nothing_has_scale_1() -> None:
    candidates = gather(sources(np.ones(N_ITEMS), np.zeros(N_ITEMS)), everything())
    assert candidates.scale.tolist() == [1, 1]
    assert (candidates.features[:, 1] == 0).all()


@dataclass(frozen=True)
class Heard(Fixed):
    """The same, split over a history by fixed shares."""

    history: History
    share: np.ndarray

    def shares(self, rows):
        return self.value[rows][:, None] * self.share


def heard(value: np.ndarray, share: list[float]) -> Heard:
    length = len(share)
    history = History(np.arange(length, dtype=np.int32), np.ones(length, np.float32))
    return Heard(value, "", history, np.array(share))


def test_a_history_of_several_sources_is_told_by_track() -> None:
    value = np.linspace(1, 2, N_ITEMS)
    given = {"a": heard(value, [0.5, 0, 0.3, 0.2]), "b": heard(value, [0.1, 0, 0.9, 0])}
    told = weighted_reasons(given, {"a": 1.0, "b": 2.0}, np.ones(2, np.float32), np.array([4, 7], np.int32))
    for row, reasons in zip((4, 7), told, strict=True):
        assert {reason.kind for reason in reasons} == {ReasonKind.PLAYED}
        assert [reason.item_index for reason in reasons] == [2, 0, 3]
        assert [reason.contribution for reason in reasons] == pytest.approx(
            value[row] * np.array([2.1, 0.7, 0.2])
        )


def test_of_equal_parts_of_a_history_the_first_are_told() -> None:
    share = np.ones(60)
    share[[3, 20, 41]] = 0, 2, 2
    given = {"a": heard(np.ones(N_ITEMS), share.tolist())}
    (told,) = weighted_reasons(given, {"a": 1.0}, np.ones(1, np.float32), np.array([3], np.int32), 6)
    assert [reason.item_index for reason in told] == [20, 41, 0, 1, 2, 4, -1]
    assert [reason.contribution for reason in told] == [2, 2, 1, 1, 1, 1, 53]


def test_a_long_history_is_told_by_its_greatest_parts_and_a_rest(rng: np.random.Generator) -> None:
    share = rng.normal(size=60)
    given = {"a": heard(np.ones(N_ITEMS), share.tolist()), "b": Fixed(np.full(N_ITEMS, 4.0), "b")}
    (told,) = weighted_reasons(given, {"a": 1.0, "b": 1.0}, np.ones(2, np.float32), np.array([3], np.int32))
    parts = sorted(
        [(3.0, -1), (1.0, -1), *((part, item) for item, part in enumerate(share.tolist()))], reverse=True
    )
    # The greatest of each kind is told for sure: of "b" both, and of the history the first.
    others = [part for part in parts if part[1] >= 0][: N_REASONS - 2]
    chosen = sorted([(3.0, -1), (1.0, -1), *others], reverse=True)
    assert [reason.item_index for reason in told[:-1]] == [item for _, item in chosen]
    assert told[-1].kind is ReasonKind.REST
    assert told[-1].contribution == pytest.approx(
        sum(part for part, _ in parts) - sum(part for part, _ in chosen)
    )


def test_weights_of_a_tier_leave_out_what_weighs_nothing() -> None:
    ranker = Ranker(("a", "b"), ("free", "pro"), np.array([[1, 0], [0.5, 2]], np.float32))
    assert ranker.weights_of("free") == {"a": 1.0}
    assert ranker.weights_of("pro") == {"a": 0.5, "b": 2.0}


@pytest.mark.parametrize("weight", [[[1.0]], [[1.0, -1.0]], [[1.0, np.nan]]])
def test_unfit_weights_are_refused(weight) -> None:
    with pytest.raises(InvalidInputError, match="finite weights"):
        Ranker(("a", "b"), ("free",), np.array(weight, np.float32))
