"""Open the state that SEGUE_STATE names: ``dynamodb://table`` or an SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segue.aws.environment import aws_environment
from segue.errors import ConfigError

if TYPE_CHECKING:
    from segue.state.listening import ListeningState


def open_state(location: str, *, must_exist: bool = False) -> ListeningState:
    """Open for reading and writing; nothing is read or made yet.

    Parameters
    ----------
    must_exist : bool
        Refuse a file that is not there: who only reads would take everybody for a stranger.

    Raises
    ------
    ConfigError
        The location is neither, or no Region is set for the table; or the file must exist and does not.
    """
    scheme, separator, table = location.partition("://")
    if scheme == "dynamodb" and table and "/" not in table:
        from segue.state.dynamodb import DynamoState

        return DynamoState(table, aws_environment())
    if not location or separator:
        raise ConfigError("SEGUE_STATE", f"{location!r} is neither dynamodb://table nor a file.")
    if Path(location).is_dir():
        raise ConfigError("SEGUE_STATE", f"{location} is a folder: name a file in it.")
    if must_exist and not Path(location).exists():
        raise ConfigError("SEGUE_STATE", f"{location} is not there: fill it with `segue history load` first.")
    from segue.state.sqlite import SqliteState  # a function has a table

    return SqliteState(Path(location))
