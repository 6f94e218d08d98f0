"""Cold load of a 100 MB artifact from S3, beside boto3 and joblib: ``python -m benchmarks.artifact_load``.

Segue resolves the alias, reads and checks the manifest, fetches four float32 arrays of 25 MB and a
small JSON file in parallel, checks every hash, and maps the arrays. The peer, the usual way to do it,
downloads one joblib file with boto3's ``download_file`` and loads it; it checks nothing. Both read the
same amount from the same moto server, a process of its own. ``download_file`` asks for ranges, moto copies
the whole object for each: so the peer also runs with one plain GET, the one to compare with. The
variants take turns, each round starting with another; the clock runs from an open client to arrays that
were read from. The last rows leave the server out: the same bytes lie on the local disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import joblib
import numpy as np
from boto3.s3.transfer import TransferConfig
from rich.console import Console
from rich.table import Table

from benchmarks._aws import aws_apis
from segue.artifacts.cache import fetch
from segue.artifacts.manifest import Record, canonical_json
from segue.artifacts.place.local import LocalStore
from segue.artifacts.place.s3 import S3Store
from segue.artifacts.release import Decision, promote, publish, read_manifest, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.artifacts.place.object_store import ObjectReader, ObjectStore

BUCKET, FAMILY = "benchmark", "factors"
ONE_GET = TransferConfig(multipart_threshold=1 << 30, use_threads=False)
ROWS, COLUMNS, ARRAYS = 97_656, 64, 4  # 4 × 25 MB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, aws_apis() as url:
        os.environ.update(
            AWS_ENDPOINT_URL=url,
            AWS_ACCESS_KEY_ID="benchmark",
            AWS_SECRET_ACCESS_KEY="benchmark",
            AWS_REGION="eu-central-1",
            AWS_DEFAULT_REGION="eu-central-1",
        )
        variants = _prepare(Path(folder))
        seconds = _measure(variants, rounds, Path(folder) / "cache")
    _report(seconds, rounds)


def _prepare(folder: Path) -> dict[str, Callable[[Path], float]]:
    rng = np.random.default_rng(0)
    arrays = {f"part_{n}": rng.normal(size=(ROWS, COLUMNS)).astype(np.float32) for n in range(ARRAYS)}
    names = {"names": [f"track {n}" for n in range(1000)]}
    (files := folder / "files").mkdir()
    for name, array in arrays.items():
        np.save(files / f"{name}.npy", array)
    (files / "names.json").write_bytes(canonical_json(names))
    joblib.dump({**arrays, **names}, folder / "model.joblib")
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.upload_file(str(folder / "model.joblib"), BUCKET, "model.joblib")
    s3, local = S3Store(BUCKET, "", os.environ), LocalStore(folder / "store")
    for store in (s3, local):
        _publish(store, files)
    expected = float(sum(array[0].sum() for array in arrays.values()))

    def peer(cache: Path) -> float:
        client.download_file(BUCKET, "model.joblib", str(cache / "model.joblib"))
        return _touch(joblib.load(cache / "model.joblib"))

    def peer_one_get(cache: Path) -> float:
        client.download_file(BUCKET, "model.joblib", str(cache / "model.joblib"), Config=ONE_GET)
        return _touch(joblib.load(cache / "model.joblib"))

    def peer_local(cache: Path) -> float:
        shutil.copyfile(folder / "model.joblib", cache / "model.joblib")
        return _touch(joblib.load(cache / "model.joblib"))

    variants = {
        "boto3 download_file + joblib.load": peer,
        "boto3, one GET + joblib.load": peer_one_get,
        "Segue, S3": lambda cache: _load(s3, cache),
        "local copy + joblib.load": peer_local,
        "Segue, local folder": lambda cache: _load(local, cache),
    }
    for name, variant in variants.items():  # also opens connections and warms the imports
        (warm := folder / "warm").mkdir()
        if not np.isclose(variant(warm), expected):
            raise SystemExit(f"{name} loaded something else")
        shutil.rmtree(warm)
    return variants


def _publish(store: ObjectStore, files: Path) -> None:
    now = datetime.now(UTC)
    manifest = publish(store, FAMILY, files, Record(), created_at=now)
    promote(store, FAMILY, manifest.version, Decision("benchmark", "the only one", now))


def _load(store: ObjectReader, cache: Path) -> float:
    target = resolve(store, FAMILY).alias.target
    manifest = read_manifest(store, FAMILY, target.version, expected_sha256=target.manifest_sha256)
    folder = fetch(store, manifest, cache)
    return _touch(
        {name: np.load(folder / name, mmap_mode="r") for name in manifest.files if name.endswith(".npy")}
    )


def _touch(loaded: dict[str, np.ndarray]) -> float:
    return float(sum(array[0].sum() for name, array in loaded.items() if name.startswith("part_")))


def _measure(
    variants: dict[str, Callable[[Path], float]], rounds: int, cache: Path
) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    names = list(variants)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            cache.mkdir()
            began = time.perf_counter()
            variants[name](cache)
            seconds[name].append(time.perf_counter() - began)
            shutil.rmtree(cache)
    return seconds


def _report(seconds: dict[str, list[float]], rounds: int) -> None:
    median = {name: statistics.median(values) for name, values in seconds.items()}
    peers = [name for name in median if "joblib" in name]
    table = Table(title=f"Cold load of {ROWS * COLUMNS * 4 * ARRAYS / 1e6:.0f} MB, median of {rounds} rounds")
    table.add_column("variant")
    for column in ("median ms", "fastest ms", *("/ download_file", "/ one GET", "/ local copy")):
        table.add_column(column, justify="right")
    for name, value in median.items():
        ratios = [f"{value / median[peer]:.2f}" if _same_source(name, peer) else "" for peer in peers]
        table.add_row(name, f"{value * 1e3:.0f}", f"{min(seconds[name]) * 1e3:.0f}", *ratios)
    Console(width=110).print(table, "Only Segue checks what it loads: SHA-256, dtype, shape, finite values.")


def _same_source(one: str, other: str) -> bool:
    return ("local" in one) == ("local" in other)


if __name__ == "__main__":
    main()
