"""Every error that Segue raises on purpose.

::

    SegueError
    ├── RequestError              the caller can fix it; the message is public
    │   ├── InvalidInputError         422
    │   ├── EmptyHistoryError         422
    │   ├── CustomerNotFoundError     404
    │   ├── TrackNotFoundError        404
    │   ├── ImportNotFoundError       404
    │   └── ArtistNotFoundError       404
    ├── AuthError                 the key does not allow it; the message is public
    │   └── TierError                 403
    ├── ArtifactError             the operator must fix it; details go to the log only → 503
    │   ├── AliasNotFoundError        nothing was promoted yet
    │   ├── UnservableError           a version cannot be served
    │   │   ├── VersionNotFoundError      it has no manifest
    │   │   ├── CorruptArtifactError      a file differs from the manifest
    │   │   └── UnsupportedSchemaError    it was written by a newer or a much older Segue
    │   ├── ModelMissingError         a model that could answer is not live, or cannot be loaded
    │   ├── VariantUnservableError    no variant of the clusters can be loaded; the message is public
    │   ├── ObjectNotFoundError       the store has no object with that key
    │   └── StoreUnavailableError     the artifact store did not answer
    ├── PublishError              publishing and promotion
    │   ├── PreconditionFailedError   the object exists already, or was changed
    │   ├── VersionExistsError        versions are immutable
    │   ├── AliasMovedError           another writer promoted at the same time
    │   └── GateRejectedError         the challenger is not good enough
    ├── TrainingError             no model was made: a solver failed, or numbers are not finite
    │   ├── NotEnoughDataError        more data is needed
    │   └── ParityError               the exported model differs from the trained one
    ├── SourceError               a store's database, or a file of interactions
    │   ├── NoStoreError              no store is set; the message is public
    │   ├── SourceUnavailableError    it cannot be opened, or did not answer
    │   └── SourceSchemaError         it does not have the expected tables and columns
    │       └── TableMissingError         a table is missing
    ├── StateUnavailableError     the state of listeners did not answer → 503
    │   └── NotCountedError           feedback is in the event lake, but not in the state
    └── ConfigError               a setting; raised at INIT, and names the variable

Each class has a ``code``, a stable name for clients and log queries. Messages name the wrong value and the
remedy. One table, in ``segue.serving.api.problem``, has the HTTP statuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class SegueError(Exception):
    """Base of all errors; never raised itself."""

    code: ClassVar[str] = "segue"


class RequestError(SegueError):
    """The caller can fix it; the message is public."""

    code = "request"


class InvalidInputError(RequestError):
    """A value is out of range or of the wrong type."""

    code = "invalid_input"


class EmptyHistoryError(RequestError):
    """The model knows no track that the listener liked."""

    code = "empty_history"

    def __init__(self) -> None:
        super().__init__("No liked track of the history is known: name seed tracks, or ask for popular ones.")


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


class ImportNotFoundError(RequestError):
    """The caller started no such import, or its record has expired."""

    code = "import_not_found"

    def __init__(self, import_id: str) -> None:
        super().__init__(f"There is no import {import_id[:40]!r}: check the id, or start another import.")


class AuthError(SegueError):
    """The caller's key does not allow it; the message is public."""

    code = "auth"


class TierError(AuthError):
    """The caller's tier is too low for the request."""

    code = "tier"


class ArtifactError(SegueError):
    """A model artifact cannot be served; the details go to the log."""

    code = "artifact"


class AliasNotFoundError(ArtifactError):
    """Nothing has been promoted under this alias yet."""

    code = "alias_not_found"

    def __init__(self, family: str, alias: str, location: str, made_by: str) -> None:
        super().__init__(f"{family} has no {alias} in {location}: make one with `{made_by}` first.")
        self.family, self.made_by = family, made_by


class UnservableError(ArtifactError):
    """A version cannot be served: it is missing, damaged or has an unsupported format."""

    code = "unservable"


class VersionNotFoundError(UnservableError):
    """The version has no manifest."""

    code = "version_not_found"

    def __init__(self, family: str, version: str) -> None:
        super().__init__(f"{family} has no version {version!r}: `segue models list {family}` names all.")


class CorruptArtifactError(UnservableError):
    """A file differs from its manifest; it is never served."""

    code = "corrupt_artifact"


class UnsupportedSchemaError(UnservableError):
    """The manifest's schema or the layout of the files is one that this code does not read."""

    code = "unsupported_schema"

    def __init__(self, found: int, supported: tuple[int, ...], of: str = "manifest schema") -> None:
        self.is_newer = found > max(supported)
        remedy = "deploy the functions before publishing" if self.is_newer else "retrain with this version"
        super().__init__(f"{of} {found} is not among the supported {list(supported)}: {remedy}.")


class ModelMissingError(ArtifactError):
    """A model that could answer is not live, or cannot be loaded."""

    code = "model_missing"

    def __init__(self, model: str, missing: Mapping[str, str]) -> None:
        why = "; ".join(f"{family}: {reason}" for family, reason in missing.items()) or "it was never trained"
        super().__init__(f"the {model} model is missing, or a part of it ({why}): train it, or roll back.")
        self.model, self.missing = model, missing


class VariantUnservableError(ArtifactError):
    """Neither a variant of the clusters nor the live one can be loaded; the message is public."""

    code = "variant_unservable"


class ObjectNotFoundError(ArtifactError):
    """The store has no object with that key."""

    code = "object_not_found"


class StoreUnavailableError(ArtifactError):
    """The artifact store did not answer, or refused the request."""

    code = "store_unavailable"


class PublishError(SegueError):
    """A version was not published or an alias not moved."""

    code = "publish"


class PreconditionFailedError(PublishError):
    """The object exists already, or was changed after it was read."""

    code = "precondition_failed"


class VersionExistsError(PublishError):
    """The version exists already; versions are immutable."""

    code = "version_exists"


class AliasMovedError(PublishError):
    """Another writer moved the alias between our read and our write."""

    code = "alias_moved"


class GateRejectedError(PublishError):
    """The gate rejected the challenger: it is not good enough to serve."""

    code = "gate_rejected"


class TrainingError(SegueError):
    """Training ended without a model: a solver failed, or numbers are not finite."""

    code = "training"


class NotEnoughDataError(TrainingError):
    """There is too little data to learn from."""

    code = "not_enough_data"


class ParityError(TrainingError):
    """The exported model gives other answers than the trained one."""

    code = "parity"


class SourceError(SegueError):
    """A store's database could not be read."""

    code = "source"


class NoStoreError(SourceError):
    """No store's database is set, so its customers are unknown; the message is public."""

    code = "no_store"


class SourceUnavailableError(SourceError):
    """The database or file cannot be opened, or did not answer."""

    code = "source_unavailable"


class SourceSchemaError(SourceError):
    """The database does not have the Chinook schema, or the file is not a table of interactions."""

    code = "source_schema"


class TableMissingError(SourceSchemaError):
    """The expected table does not exist, so a model that needs it has no data."""

    code = "table_missing"


class StateUnavailableError(SegueError):
    """The state of listeners cannot be opened, or did not answer."""

    code = "state_unavailable"


class NotCountedError(StateUnavailableError):
    """Feedback is in the event lake, but not all of it is in the state."""

    code = "not_counted"


class ConfigError(SegueError):
    """A setting is missing or wrong; raised at INIT."""

    code = "config"

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable
