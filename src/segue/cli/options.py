"""Options that several commands share, each with its environment variable and default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.serving.settings.environment import DEFAULT_ARTIFACTS, DEFAULT_STORE

Artifacts = Annotated[
    str,
    typer.Option(
        "--artifacts", envvar="SEGUE_ARTIFACTS", help="Where versions live: a folder or s3://bucket/prefix."
    ),
]
Store = Annotated[
    str,
    typer.Option(
        envvar="SEGUE_STORE",
        help="The music store's database: an SQLite file or postgresql:// URL; else SEGUE_STORE_SECRET.",
    ),
]
State = Annotated[
    str,
    typer.Option(
        "--state",
        envvar="SEGUE_STATE",
        help="Where listeners' events are: an SQLite file or dynamodb://table.",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        help="Tracks and events: a dataset folder, an SQLite file, or a postgresql:// URL; "
        "else SEGUE_STORE or SEGUE_STORE_SECRET."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads the history.")]

Events = Annotated[
    list[str] | None, typer.Option(help="More events, as of the lake that feedback fills; repeatable.")
]
Promote = Annotated[bool, typer.Option(help="Make versions live if the gate agrees.")]
Force = Annotated[bool, typer.Option("--force", help="Train on unchanged data; overrule the gate.")]

LogFile = Annotated[
    Path | None, typer.Option("--log-file", help="File to add log lines to, each with its time.")
]

ARTIFACTS = DEFAULT_ARTIFACTS
SAMPLE = Path(DEFAULT_STORE).parent

TOO_LITTLE = 4
"""Exit status of a training or preparation for which there is too little data, or no features."""
