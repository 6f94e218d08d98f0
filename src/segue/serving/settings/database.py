"""The store's database as a function holds it: across snapshots, and across changes of its secret."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from segue.errors import ConfigError, NoStoreError, SourceUnavailableError
from segue.serving.settings.environment import has_store, store_location
from segue.sources.store import open_store

if TYPE_CHECKING:
    from segue.domain.genre_preference.purchase import Purchases
    from segue.serving.settings.environment import Locate
    from segue.sources.store import StoreDatabase

TIMEOUT_S = 4.0
"""Seconds to wait for a database: less than a function's time, so that it answers 503 before it ends."""

LOOK_AGAIN_S = 30.0
"""Least time between two reads of the database's secret while the database is down."""


class NoDatabase:
    """Used if no store is set, as in a service that has only listening events."""

    def read_purchases(self, customer_id: int) -> Purchases:
        """Raise NoStoreError."""
        raise NoStoreError(
            f"Customer {customer_id} cannot be looked up: this service has no store. Whoever runs it sets "
            "SEGUE_STORE or SEGUE_STORE_SECRET (StoreSecretArn of the stack)."
        )


def follow_store() -> LiveDatabase | NoDatabase:
    """Follow the store that the settings name; raises ConfigError where its secret cannot be read."""
    return LiveDatabase(store_location) if has_store() else NoDatabase()


class LiveDatabase:
    """Read a store whose address is looked up again when the database refuses it.

    Secrets rotate, while a SnapStart snapshot keeps the one that was read at INIT for weeks.
    """

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._location = locate(fresh=False)
        self._database = open_store(self._location, timeout_s=TIMEOUT_S)
        self._lock = threading.Lock()
        self._look_again_at_s = 0.0

    def read_purchases(self, customer_id: int) -> Purchases:
        """See `segue.sources.store.StoreDatabase.read_purchases`."""
        database = self._database
        try:
            return database.read_purchases(customer_id)
        except SourceUnavailableError as error:
            if not self._moved(database, error):
                raise
            return self._database.read_purchases(customer_id)

    def _moved(self, refused: StoreDatabase, refusal: SourceUnavailableError) -> bool:
        with self._lock:
            if self._database is not refused:  # another thread found the new one
                return True
            if time.monotonic() < self._look_again_at_s:
                return False
            self._look_again_at_s = time.monotonic() + LOOK_AGAIN_S
            try:
                location = self._locate(fresh=True)
            except ConfigError as error:  # the outage is what the caller and the log must see
                raise refusal from error
            if location == self._location:
                return False
            self._database.close()
            self._location, self._database = location, open_store(location, timeout_s=TIMEOUT_S)
            return True
