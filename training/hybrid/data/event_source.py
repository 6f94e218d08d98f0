"""Reads interactions wherever they are, an event lake on S3 included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.artifacts.listing import read_all
from segue.artifacts.place.location import open_store
from segue.sources.dataset import read_interactions
from segue.sources.dataset.location import read_lake
from segue.sources.lake import LAKE_PREFIX

if TYPE_CHECKING:
    from segue.domain.listening.interactions import Interactions
    from segue.sources.dataset import Account


def read_events_at(location: str) -> tuple[Interactions, Account]:
    """Return the events at a location, cleaned, and what the cleaning did.

    Parameters
    ----------
    location
        ``s3://bucket/prefix`` of an event lake, or what `read_interactions` takes; raises as it does, and
        StoreUnavailableError where S3 does not answer.
    """
    if location.startswith("s3://"):
        return read_lake(read_all(open_store(location, setting="SEGUE_LAKE"), LAKE_PREFIX), location)
    return read_interactions(location)
