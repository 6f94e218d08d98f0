"""The store's database as a function holds it: across snapshots, and across changes of its secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.errors import SourceUnavailableError
from segue.sources.store import open_store

if TYPE_CHECKING:
    from segue.domain.purchase import Purchases
    from segue.serving.settings import Locate


class LiveDatabase:
    """Read a store whose address is looked up again when the database refuses it.

    Secrets rotate, while a SnapStart snapshot keeps the one that was read at INIT for weeks.
    """

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._location = locate(fresh=False)
        self._database = open_store(self._location)

    def read_purchases(self, customer_id: int) -> Purchases:
        """See `segue.sources.store.StoreDatabase.read_purchases`."""
        try:
            return self._database.read_purchases(customer_id)
        except SourceUnavailableError:
            location = self._locate(fresh=True)
            if location == self._location:
                raise
            self._location, self._database = location, open_store(location)
            return self._database.read_purchases(customer_id)
