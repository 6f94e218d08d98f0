"""Options of several commands, with their environment variables and defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.serving.settings.environment import DEFAULT_ARTIFACTS, DEFAULT_STORE

Artifacts = Annotated[
    str,
    typer.Option(
        "--artifacts", envvar="SEGUE_ARTIFACTS", help="Store of versions: a folder or s3://bucket/prefix."
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
        help="Listeners' events: an SQLite file or dynamodb://table.",
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
Reason = Annotated[str, typer.Option(help="Reason, kept in the history of the alias.")]

Events = Annotated[
    list[str] | None, typer.Option(help="More events, such as the lake of feedback; repeatable.")
]
Promote = Annotated[bool, typer.Option(help="Make versions live if the gate agrees.")]
Force = Annotated[bool, typer.Option("--force", help="Train on unchanged data; overrule the gate.")]

LogFile = Annotated[Path | None, typer.Option("--log-file", help="File to append log lines with times to.")]

ARTIFACTS = DEFAULT_ARTIFACTS
SAMPLE = Path(DEFAULT_STORE).parent

TOO_LITTLE = 4
"""Exit status of a training or preparation with too little data or without features."""
