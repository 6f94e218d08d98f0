"""POST /recommend/user in a process of its own, which imports what the function does and little more.

``python -m benchmarks._function ROUNDS`` with the function's environment prints what it measured, as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LENGTHS = (5, 50, 500)
LISTENERS = 40
LIMIT = 20
_EVENT = Path(__file__).parents[1] / "events" / "genre_preference" / "ok.json"
_CONTEXT = SimpleNamespace(
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

        report: dict[str, Any] = {"init_s": time.perf_counter() - started_s, "loaded_mb": memory_mb()}
        report["first_ms"] = 1e3 * timed(lambda: call(function.handler, 50, 0, explain=True))
        report["handler_ms"] = {
            f"{length} {explain}": [
                1e3 * timed(lambda n=length, i=number, e=explain: call(function.handler, n, i, explain=e))
                for number in range(rounds)
            ]
            for length in LENGTHS
            for explain in (True, False)
        }
        report["served_mb"] = memory_mb()
        report["domain_ms"] = domain_ms(function, rounds)
    print(json.dumps(report))


def call(handler: Any, length: int, number: int, *, explain: bool) -> dict[str, Any]:
    wish = {"user_id": listener_of(length, number), "limit": LIMIT, "explain": explain}
    event = json.loads(_EVENT.read_text()) | {"path": "/recommend/user", "body": json.dumps(wish)}
    answer = handler(event, _CONTEXT)
    if answer["statusCode"] != 200:
        raise RuntimeError(answer["body"])
    return answer


def listener_of(length: int, number: int) -> str:
    return f"h{length}-{number % LISTENERS}"


def timed(run: Any) -> float:
    started_s = time.perf_counter()
    run()
    return time.perf_counter() - started_s


def domain_ms(function: Any, rounds: int) -> dict[str, list[float]]:
    """`segue.domain.recommender.answer` alone: the history is at hand, and nothing is written down."""
    import numpy as np

    from segue.domain.listener import read_heard
    from segue.domain.recommend import Query
    from segue.domain.recommender import Listener, answer

    model = function.model.get().value
    found: dict[str, list[float]] = {}
    for length in LENGTHS:
        for explain in (True, False):
            taken = found.setdefault(f"{length} {explain}", [])
            for number in range(rounds):
                user_id = listener_of(length, number)
                heard = read_heard(model.catalogue, function.state.read_recent(user_id))
                allowed = np.ones(len(model.catalogue), bool)
                allowed[heard.rows] = False
                query = Query(LIMIT, allowed, model.ranker.diversity, model.ranker.calibration, explain)
                listener = Listener(heard.history, user_id)
                taken.append(1e3 * timed(lambda who=listener, what=query: answer(model, who, what)))
    return found


def memory_mb() -> dict[str, float]:
    """Resident memory as the kernel counts it, of it what is mapped from files, and the most there was."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    named = {"resident": "VmRSS", "private": "RssAnon", "mapped": "RssFile", "peak": "VmHWM"}
    return {name: int(status[field].split()[0]) / 1000 for name, field in named.items()}


if __name__ == "__main__":
    main()
