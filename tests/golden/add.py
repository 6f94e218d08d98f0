"""Add a golden artifact of each layout that has none: what the newest one holds, as it is written today."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from segue.artifacts.family import FORMAT
from segue.artifacts.listing import list_versions
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import publish, read_manifest
from tests.golden.codec import rewrite


def main() -> None:
    """Publish what is missing into the golden store."""
    store = LocalStore(Path(__file__).parent / "families")
    for family, number in FORMAT.items():
        manifests = [read_manifest(store, family, version) for version in list_versions(store, family)]
        newest = max(each.record.code["format"] for each in manifests)
        for old in manifests:
            if old.record.code["format"] == newest < number:
                record = replace(old.record, code={**old.record.code, "format": number})
                with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as to:
                    rewrite(store, old, Path(to), cache=Path(cache))
                    publish(store, family, Path(to), record, created_at=datetime.now(UTC))


if __name__ == "__main__":
    main()
