"""Settings of the functions: the only reader of the process's environment.

Each function builds one frozen value at INIT; a missing or wrong variable raises ConfigError, which
names it, before the first request. docs/settings.md lists them.
"""

from __future__ import annotations

import getpass
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from segue.errors import ConfigError
from segue.serving.api.tier import Tier
from segue.serving.settings.old_names import translate
from segue.serving.settings.secret import read_cursor_secret, read_store_secret
from segue.serving.settings.web import WebSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.serving.api.signed_cursor import CursorKeys

DEFAULT_ARTIFACTS = "var/artifacts"
DEFAULT_STORE = "var/sample/store.sqlite"
DEFAULT_STATE = "var/state.sqlite"
DEFAULT_LAKE = "var/lake"
DEFAULT_UPLOADS = "var/uploads"
DEFAULT_IMPORT_ROWS = 5_000_000
"""Rows of one import: a lifetime of listening has a tenth of them."""

DEFAULT_IMPORT_SECONDS = 720.0
"""Seconds of one import: the function is stopped after 900."""


@dataclass(frozen=True, slots=True)
class ArtifactSettings:
    """Where artifacts are and how they are kept fresh.

    Attributes
    ----------
    location : str
        SEGUE_ARTIFACTS: ``s3://bucket/prefix`` or a folder; required.
    cache : Path
        SEGUE_CACHE_DIR: where fetched versions are kept; ``/tmp/segue``, as Lambda can write only there.
    refresh_ttl_s : float
        SEGUE_REFRESH_TTL_S: seconds between looks at the alias, 60; a rollback is live within it.
    in_background : bool
        Whether a thread looks at the alias while requests go on. Lambda freezes threads after an answer, so
        there, and where ``refresh_ttl_s`` is 0, the request that finds the time over looks itself.
    """

    location: str
    cache: Path
    refresh_ttl_s: float
    in_background: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raises ConfigError naming the variable at fault."""
        ttl_s = _seconds(environment, "SEGUE_REFRESH_TTL_S", 60.0)
        return cls(
            location=_required(environment, "SEGUE_ARTIFACTS"),
            cache=Path(environment.get("SEGUE_CACHE_DIR") or "/tmp/segue"),  # noqa: S108  # Lambda's only disk
            refresh_ttl_s=ttl_s,
            in_background=ttl_s > 0 and not in_lambda(environment),
        )


@dataclass(frozen=True, slots=True)
class TierSettings:
    """Which key opens what.

    Attributes
    ----------
    of_key : mapping
        SEGUE_KEY_TIERS, ``keyid=pro,keyid2=starter``: tiers by API Gateway's id of the key, not its value.
    default : Tier
        SEGUE_DEFAULT_TIER: of every other caller; free.
    """

    of_key: Mapping[str, Tier]
    default: Tier

    @property
    def highest(self) -> Tier:
        """The highest tier that any caller has: what no such tier opens need not be loaded."""
        return max((self.default, *self.of_key.values()), key=list(Tier).index)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raises ConfigError naming the variable at fault."""
        pairs = [
            pair.split("=") for pair in environment.get("SEGUE_KEY_TIERS", "").split(",") if pair.strip()
        ]
        if not all(len(pair) == 2 and pair[0].strip() for pair in pairs):
            raise ConfigError("SEGUE_KEY_TIERS", "must be pairs as in keyid=pro,keyid2=starter.")
        return cls(
            of_key={key.strip(): _tier("SEGUE_KEY_TIERS", name) for key, name in pairs},
            default=_tier("SEGUE_DEFAULT_TIER", environment.get("SEGUE_DEFAULT_TIER") or Tier.FREE),
        )


def web_settings(environment: Mapping[str, str] = os.environ) -> WebSettings:
    """Return how the API is reached; raises ConfigError naming the variable at fault."""
    return WebSettings.from_environment(environment)


def state_location(environment: Mapping[str, str] = os.environ) -> str:
    """Return SEGUE_STATE, ``dynamodb://table`` or an SQLite file; raises ConfigError where it is not set."""
    return _required(environment, "SEGUE_STATE")


def lake_location(environment: Mapping[str, str] = os.environ) -> str:
    """Return SEGUE_LAKE, ``s3://bucket/prefix`` or a folder; raises ConfigError where it is not set."""
    return _required(environment, "SEGUE_LAKE")


def upload_location(environment: Mapping[str, str] = os.environ) -> str:
    """Return SEGUE_UPLOADS, ``s3://bucket/prefix`` or a folder; raises ConfigError where it is not set."""
    return _required(environment, "SEGUE_UPLOADS")


def import_limits(environment: Mapping[str, str] = os.environ) -> tuple[int, float]:
    """Return SEGUE_IMPORT_ROWS and SEGUE_IMPORT_SECONDS: the most rows, and seconds, of one import.

    Raises
    ------
    ConfigError
        One of them is no number of 0 or more.
    """
    rows = _amount(environment, "SEGUE_IMPORT_ROWS", DEFAULT_IMPORT_ROWS, "rows")
    return int(rows), _seconds(environment, "SEGUE_IMPORT_SECONDS", DEFAULT_IMPORT_SECONDS)


def cursor_keys(environment: Mapping[str, str] = os.environ) -> CursorKeys:
    """Return the keys that sign cursors: SEGUE_CURSOR_KEYS, or the secret that SEGUE_CURSOR_SECRET names.

    The secret holds the same as a JSON object, and is kept for five minutes: a new key needs no deploy.

    Raises
    ------
    ConfigError
        Neither is set, or the keys are unreadable or of another form.
    """
    from segue.serving.api.signed_cursor import read_keys

    if environment.get("SEGUE_CURSOR_KEYS"):
        return read_keys("SEGUE_CURSOR_KEYS", environment["SEGUE_CURSOR_KEYS"])
    if not environment.get("SEGUE_CURSOR_SECRET"):
        raise ConfigError(
            "SEGUE_CURSOR_KEYS", "not set; give ID:HEX,… or a secret's ARN in SEGUE_CURSOR_SECRET."
        )
    return read_keys("SEGUE_CURSOR_SECRET", read_cursor_secret(environment["SEGUE_CURSOR_SECRET"]))


class Locate(Protocol):
    """Finds the store's database; ``fresh`` reads a secret anew instead of the copy at hand."""

    def __call__(self, *, fresh: bool) -> str:
        """Return a path or URL."""


def store_location(environment: Mapping[str, str] = os.environ, *, fresh: bool = False) -> str:
    """Return the store database's path or URL: SEGUE_STORE, or the secret that SEGUE_STORE_SECRET names.

    A secret is kept for five minutes unless ``fresh``. Raises ConfigError where neither is set, or the secret
    is unreadable or not of a known form.
    """
    if environment.get("SEGUE_STORE"):
        return environment["SEGUE_STORE"]
    if not environment.get("SEGUE_STORE_SECRET"):
        raise ConfigError(
            "SEGUE_STORE",
            "not set; give a path or postgresql:// URL, or a secret's ARN in SEGUE_STORE_SECRET.",
        )
    return read_store_secret(
        environment["SEGUE_STORE_SECRET"],
        host=environment.get("SEGUE_STORE_HOST", ""),
        database=environment.get("SEGUE_STORE_DATABASE", ""),
        fresh=fresh,
    )


def has_store(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether SEGUE_STORE or SEGUE_STORE_SECRET names a store."""
    return bool(environment.get("SEGUE_STORE") or environment.get("SEGUE_STORE_SECRET"))


def find_store(given: str, artifacts: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the store a command is to read: the one given, the environment's, or the local sample.

    Raises ConfigError where none is named and ``artifacts`` are on S3: nobody publishes the sample there.
    """
    if given:
        return given
    if has_store(environment):
        return store_location(environment)
    if "://" in artifacts:
        raise ConfigError("SEGUE_STORE", f"not set; {artifacts} is not for the sample store: name yours.")
    return DEFAULT_STORE


def read_more_settings(file: Path) -> list[str]:
    """Set what a ``.env`` file and older names of variables give; return a line for each older name.

    The environment goes before the file, and Segue's own names before older ones. Raises ConfigError where
    the file cannot be read as text.
    """
    if file.is_file():
        from dotenv import dotenv_values

        try:
            # Nothing is expanded: a password may hold what looks like a variable.
            found = dotenv_values(file, interpolate=False, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(file), f"cannot be read as text in UTF-8, {error}.") from error
        os.environ.update({name: value for name, value in found.items() if value and name not in os.environ})
    translated = translate(os.environ)
    os.environ.update(translated.values)
    return translated.lines


def set_for_this_process(values: Mapping[str, str], *, defaults: Mapping[str, str]) -> None:
    """Set variables before functions are imported, and ``defaults`` where the environment has none."""
    os.environ.update({name: os.environ.get(name) or value for name, value in defaults.items()})
    os.environ.update(values)


def metrics_namespace(environment: Mapping[str, str] = os.environ) -> str:
    """Return where metrics go: POWERTOOLS_METRICS_NAMESPACE, which a deployment names after its stack."""
    return environment.get("POWERTOOLS_METRICS_NAMESPACE") or "Segue"


def in_lambda(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this process is a function on Lambda, by the name that Lambda gives it."""
    return bool(environment.get("AWS_LAMBDA_FUNCTION_NAME"))


def metrics_disabled(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether Powertools' own switch, POWERTOOLS_METRICS_DISABLED, turns metrics off."""
    return environment.get("POWERTOOLS_METRICS_DISABLED", "").lower() in {"1", "true"}


def user_name(environment: Mapping[str, str] = os.environ) -> str:
    """Name who acts, for the history of aliases."""
    return environment.get("SEGUE_USER") or getpass.getuser()


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ConfigError(name, "not set; docs/settings.md says what it is for.")
    return value


def _tier(variable: str, name: str) -> Tier:
    try:
        return Tier(name.strip())
    except ValueError as error:
        raise ConfigError(variable, f"{name!r} is no tier: {', '.join(Tier)}.") from error


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    return _amount(environment, name, default, "seconds")


def _amount(environment: Mapping[str, str], name: str, default: float, unit: str) -> float:
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigError(name, f"{text!r} is not a number of {unit}.") from error
    if not (math.isfinite(value) and value >= 0):
        raise ConfigError(name, f"{text!r} must be a finite number of {unit}, 0 or more.")
    return value
