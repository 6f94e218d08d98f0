"""POST /recommend/user in a process of its own, which imports what the function does and little more.

``python -m benchmarks._function ROUNDS`` with the function's environment prints what it measured, as JSON.
The peer is imported only when the memory of the function has been read.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTHS = (5, 50, 500)
LISTENERS = 40
LIMIT = 20
SERVED, EXACT = "answer", "answer, every track"
BLOCK = 20
"""Calls that a variant makes before the next has its turn: caches warm in use."""

_EVENT = Path(__file__).parents[1] / "events" / "genre_preference" / "ok.json"
CONTEXT = SimpleNamespace(
    function_name="recommend",
    memory_limit_in_mb=1769,
    invoked_function_arn="arn",
    aws_request_id="1",
    tenant_id=None,
)


def main() -> None:
    rounds = int(sys.argv[1])
    with contextlib.redirect_stdout(io.StringIO()):  # logs and metrics are part of an answer
        started_s = time.perf_counter()
        from functions.recommend_user import handler as function

        report: dict[str, Any] = {"init_s": time.perf_counter() - started_s}
        report["first_ms"] = timed(function.handler, request("h50-0", explain=True), CONTEXT)[0]
        for length in LENGTHS:
            for number in range(LISTENERS):
                timed(function.handler, request(f"h{length}-{number}", explain=True), CONTEXT)
        report["memory_mb"] = memory_mb()
        variants = all_variants(function)
        report["ms"] = {length: taking_turns(variants, length, rounds) for length in LENGTHS}
        report["recall"] = {length: recall_of_lists(variants, length) for length in LENGTHS}
    print(json.dumps(report))


def request(user_id: str, *, explain: bool) -> dict[str, Any]:
    wish = {"user_id": user_id, "limit": LIMIT, "explain": explain}
    return json.loads(_EVENT.read_text()) | {"path": "/recommend/user", "body": json.dumps(wish)}


def all_variants(function: Any) -> dict[str, Callable[[str], Callable[[], Any]]]:
    """By name, what prepares a call for a listener; the call alone is timed."""
    import numpy as np
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_info

    from segue.domain.listening.heard import read_heard
    from segue.domain.model.collaborative.item_factors import fold_in, top_items
    from segue.domain.recommend.pipeline import Query
    from segue.domain.recommend.recommender import RecommendFor, answer

    model = function.model.get().value
    ranker, factors, n_items = model.ranker, model.factors, len(model.catalogue)
    threads = max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
    objective = factors.objective
    peer = AlternatingLeastSquares(
        factors=factors.factors.shape[1],
        regularization=objective.regularization,
        alpha=objective.alpha,
        num_threads=threads,
    )
    peer.item_factors = np.array(factors.factors)
    peer.user_factors = np.zeros((1, peer.factors), np.float32)

    def heard_by(user_id: str) -> Any:
        return read_heard(model.catalogue, function.state.read_listener(user_id))

    def handler(user_id: str, *, explain: bool) -> Callable[[], Any]:
        event = request(user_id, explain=explain)
        return lambda: function.handler(event, CONTEXT)

    searched = {name: model.models[name] for name in ("factors", "parts") if name in model.models}
    whole = model.with_models(**{name: replace(each, cells=None) for name, each in searched.items()})

    def domain(user_id: str, *, explain: bool, model: Any = model) -> Callable[[], Any]:
        heard, allowed = heard_by(user_id), np.ones(n_items, bool)
        allowed[heard.rows] = False
        diversity, calibration, artist_share = ranker.order
        query = Query(LIMIT, allowed, diversity, calibration, 5 if explain else 0, artist_share)
        return lambda: answer(model, RecommendFor(heard.history, user_id), query)

    def factors_alone(user_id: str, factors: Any) -> Callable[[], Any]:
        history = heard_by(user_id).history
        return lambda: top_items(factors, fold_in(factors, history), LIMIT, history.item_index)

    def implicit(user_id: str) -> Callable[[], Any]:
        history = heard_by(user_id).history
        liked = np.maximum(history.confidence, 0)  # implicit's own dislikes mean something else
        row = csr_matrix((liked, history.item_index, [0, len(history)]), shape=(1, n_items))
        return lambda: peer.recommend(0, row, N=LIMIT, recalculate_user=True)

    return {
        "handler, with reasons": lambda user_id: handler(user_id, explain=True),
        "handler": lambda user_id: handler(user_id, explain=False),
        "answer, with reasons": lambda user_id: domain(user_id, explain=True),
        SERVED: lambda user_id: domain(user_id, explain=False),
        EXACT: lambda user_id: domain(user_id, explain=False, model=whole),
        "factors alone": lambda user_id: factors_alone(user_id, factors),
        "factors alone, every track": lambda user_id: factors_alone(user_id, replace(factors, cells=None)),
        "implicit": implicit,
    }


def recall_of_lists(variants: dict[str, Callable[[str], Callable[[], Any]]], length: int) -> float:
    """Share of the tracks that an answer without cells has, and the one that is served has too."""
    shares = []
    for number in range(LISTENERS):
        served, exact = (
            {item.item_index for item in variants[name](f"h{length}-{number}")().items}
            for name in (SERVED, EXACT)
        )
        shares.append(len(served & exact) / len(exact))
    return sum(shares) / len(shares)


def taking_turns(
    variants: dict[str, Callable[[str], Callable[[], Any]]], length: int, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for start in range(0, rounds, BLOCK):
        for name, prepare in variants.items():
            for number in range(start, min(start + BLOCK, rounds)):
                taken[name].append(timed(prepare(f"h{length}-{number % LISTENERS}")))
    return taken


def timed(run: Callable[..., Any], *given: Any) -> tuple[float, float]:
    """Milliseconds by the clock, and of this process alone: on a busy machine the clock counts others too."""
    started_ns, used_ns = time.perf_counter_ns(), time.process_time_ns()
    answer = run(*given)
    taken_ns, spent_ns = time.perf_counter_ns() - started_ns, time.process_time_ns() - used_ns
    if isinstance(answer, dict) and answer["statusCode"] != HTTPStatus.OK:
        raise RuntimeError(answer["body"])
    return taken_ns / 1e6, spent_ns / 1e6


def memory_mb() -> dict[str, float]:
    """Resident memory as the kernel counts it, of it what is mapped from files, and the most there was."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    named = {"resident": "VmRSS", "private": "RssAnon", "mapped": "RssFile", "peak": "VmHWM"}
    return {name: int(status[field].split()[0]) * 1024 / 1e6 for name, field in named.items()}


if __name__ == "__main__":
    main()
