"""POST /recommend/user of whatever version PYTHONPATH names, a block at a time: see `benchmarks.recommend`.

Reads a line with the length of the histories and whether reasons are asked for (``50 1``), and answers with
the processor's milliseconds of a call for each listener, as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys

from benchmarks._synthetic import world


def main() -> None:
    os.environ.update(world(int(sys.argv[1]), int(sys.argv[2])).environment)
    answers, logs = sys.stdout, io.StringIO()
    with contextlib.redirect_stdout(logs), contextlib.redirect_stderr(logs):  # logs are part of an answer
        from benchmarks._function import CONTEXT, LISTENERS, request, timed
        from functions.recommend_user import handler as function

        for line in sys.stdin:
            length, explain = line.split()
            events = [request(f"h{length}-{number}", explain=explain == "1") for number in range(LISTENERS)]
            taken = [timed(function.handler, event, CONTEXT)[1] for event in events]
            print(json.dumps(taken), file=answers, flush=True)
            logs.truncate(0)


if __name__ == "__main__":
    main()
