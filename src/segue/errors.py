"""Every error that Segue raises on purpose.

::

    SegueError
    ├── RequestError              the caller can mend it; the message is public
    │   ├── InvalidInputError         422
    │   ├── EmptyHistoryError         422
    │   ├── CustomerNotFoundError     404
    │   ├── TrackNotFoundError        404
    │   ├── ImportNotFoundError       404
    │   └── ArtistNotFoundError       404
    ├── AuthError                 the key does not open this; the message is public
    │   └── TierError                 403
    ├── ArtifactError             we must mend it; details go to the log only → 503
    │   ├── AliasNotFoundError        nothing was promoted yet
    │   ├── VersionNotFoundError      no manifest under that version
    │   ├── CorruptArtifactError      a file is not what the manifest promised
    │   ├── UnsupportedSchemaError    written by a newer or a much older Segue
    │   ├── ModelMissingError         what could answer is not live, or cannot be loaded
    │   ├── VariantUnservableError    no variant of the clusters can be loaded; the message is public
    │   ├── ObjectNotFoundError       the store has nothing under that key
    │   └── StoreUnavailableError     the artifact store did not answer
    ├── PublishError              publishing and promotion
    │   ├── PreconditionFailedError   the object is not in the state the write asked for
    │   ├── VersionExistsError        versions are immutable
    │   ├── AliasMovedError           somebody else promoted in between
    │   └── GateRejectedError         the challenger is not good enough
    ├── TrainingError             no model came of it: a solver failed, or its numbers are not finite
    │   ├── NotEnoughDataError        mendable with more purchases
    │   └── ParityError               the shipped model is not the trained one
    ├── SourceError               a store's database, or a file of interactions
    │   ├── NoStoreError              none is set; the message is public
    │   ├── SourceUnavailableError    cannot be opened or did not answer
    │   └── SourceSchemaError         opened, but is not what it should be
    │       └── TableMissingError         it may well be, and has no table of this kind
    ├── StateUnavailableError     the state of listeners did not answer → 503
    │   └── NotCountedError           feedback is kept in the event lake, and not in the state
    └── ConfigError               a setting; raised at INIT and names the variable

Each class has a ``code``, the stable name clients and log queries see. Messages name the value at
fault and the remedy. HTTP statuses live in one table, ``segue.serving.api.problem``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class SegueError(Exception):
    """Root of the tree; never raised itself."""

    code: ClassVar[str] = "segue"


class RequestError(SegueError):
    """The caller can mend it; the message is shown to them."""

    code = "request"


class InvalidInputError(RequestError):
    """A value is out of range or of the wrong type."""

    code = "invalid_input"


class EmptyHistoryError(RequestError):
    """Nothing that the listener liked is known to the model."""

    code = "empty_history"

    def __init__(self) -> None:
        super().__init__(
            "The history holds no liked item of this catalogue: name some, or ask for what is popular."
        )


class CustomerNotFoundError(RequestError):
    """The store has no such customer."""

    code = "customer_not_found"

    def __init__(self, customer_id: int) -> None:
        super().__init__(f"Customer with ID {customer_id} not found.")


class TrackNotFoundError(RequestError):
    """The live catalogue has no such track."""

    code = "track_not_found"

    def __init__(self, track_id: str) -> None:
        super().__init__(f"Track {track_id!r} is not in the live catalogue: check the id.")


class ArtistNotFoundError(RequestError):
    """The live catalogue has no such artist."""

    code = "artist_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"Artist {name!r} is not in the live catalogue: check the spelling.")


class ImportNotFoundError(RequestError):
    """The caller started no such import, or it is forgotten."""

    code = "import_not_found"

    def __init__(self, import_id: str) -> None:
        super().__init__(f"There is no import {import_id[:40]!r}: check the id, or start another import.")


class AuthError(SegueError):
    """The caller's key does not allow it; the message is shown to them."""

    code = "auth"


class TierError(AuthError):
    """The caller's tier is below what they ask for."""

    code = "tier"


class ArtifactError(SegueError):
    """A model artifact cannot be served; the details belong in the log."""

    code = "artifact"


class AliasNotFoundError(ArtifactError):
    """Nothing has been promoted under this alias yet."""

    code = "alias_not_found"

    def __init__(self, family: str, alias: str, location: str, made_by: str) -> None:
        super().__init__(f"{family} has no {alias} in {location}: make one with `{made_by}` first.")
        self.family, self.made_by = family, made_by


class VersionNotFoundError(ArtifactError):
    """The family has no manifest under this version."""

    code = "version_not_found"

    def __init__(self, family: str, version: str) -> None:
        super().__init__(f"{family} has no version {version!r}: `segue models list {family}` names all.")


class CorruptArtifactError(ArtifactError):
    """A file differs from what its manifest promised; it never reaches service."""

    code = "corrupt_artifact"


class UnsupportedSchemaError(ArtifactError):
    """The manifest's schema, or the layout of the files, is outside what this code reads."""

    code = "unsupported_schema"

    def __init__(self, found: int, supported: tuple[int, ...], of: str = "manifest schema") -> None:
        self.is_newer = found > max(supported)
        newer = "deploy the functions before publishing with this trainer"
        remedy = newer if self.is_newer else "retrain with the current trainer"
        super().__init__(f"{of} {found} is not among the supported {list(supported)}: {remedy}.")


class ModelMissingError(ArtifactError):
    """A model that could answer is not live, or cannot be loaded."""

    code = "model_missing"

    def __init__(self, model: str, missing: Mapping[str, str]) -> None:
        why = "; ".join(f"{family}: {reason}" for family, reason in missing.items()) or "it was never trained"
        super().__init__(f"the {model} model is missing, or a part of it ({why}): train it, or roll back.")
        self.model, self.missing = model, missing


class VariantUnservableError(ArtifactError):
    """Neither a variant of the clusters nor the live one can be loaded; the message is shown to callers."""

    code = "variant_unservable"


class ObjectNotFoundError(ArtifactError):
    """The store has nothing under that key."""

    code = "object_not_found"


class StoreUnavailableError(ArtifactError):
    """The artifact store did not answer, or refused."""

    code = "store_unavailable"


class PublishError(SegueError):
    """A version was not published or an alias not moved."""

    code = "publish"


class PreconditionFailedError(PublishError):
    """The object exists already, or changed since it was read."""

    code = "precondition_failed"


class VersionExistsError(PublishError):
    """The version is there already; versions are immutable."""

    code = "version_exists"


class AliasMovedError(PublishError):
    """Another writer moved the alias between our read and our write."""

    code = "alias_moved"


class GateRejectedError(PublishError):
    """The gate found the challenger not good enough to serve."""

    code = "gate_rejected"


class TrainingError(SegueError):
    """Training ended without a model worth publishing: a solver failed, or its numbers are not finite."""

    code = "training"


class NotEnoughDataError(TrainingError):
    """There is too little data to learn from."""

    code = "not_enough_data"


class ParityError(TrainingError):
    """The exported model does not answer as the trained one does."""

    code = "parity"


class SourceError(SegueError):
    """A store's database could not be read."""

    code = "source"


class NoStoreError(SourceError):
    """No store's database is set, so nothing can be said of its customers; the message is public."""

    code = "no_store"


class SourceUnavailableError(SourceError):
    """The database or file cannot be opened or did not answer."""

    code = "source_unavailable"


class SourceSchemaError(SourceError):
    """The database is no Chinook-schema store, or the file no table of interactions."""

    code = "source_schema"


class TableMissingError(SourceSchemaError):
    """There is no table of the kind that is read: a model that needs it has no data."""

    code = "table_missing"


class StateUnavailableError(SegueError):
    """The state of listeners cannot be opened or did not answer."""

    code = "state_unavailable"


class NotCountedError(StateUnavailableError):
    """Feedback reached the event lake and did not, or not all of it, reach the state."""

    code = "not_counted"


class ConfigError(SegueError):
    """A setting is missing or wrong; raised at INIT."""

    code = "config"

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable
