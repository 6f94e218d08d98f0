"""Train the genre preference on a store and make it live in a bucket of an S3 API on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from segue.artifacts.place.location import open_store as open_artifacts
from segue.sources.store import open_store
from training.genre_preference.pipeline import GenreTraining
from training.genre_preference.trainer import TRAINER, ForestParams
from training.release.lifecycle import train_on
from training.release.trainer import Order

if TYPE_CHECKING:
    from pathlib import Path

    from segue.artifacts.manifest import Manifest


def make_live(store: Path, bucket: str, params: ForestParams | None = None) -> tuple[str, Manifest]:
    """Return SEGUE_ARTIFACTS and what is live there; boto3 finds endpoint and keys in the environment."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    location = f"s3://{bucket}/models"
    with open_store(str(store)) as database:
        purchases = database.read_purchases()
    training = GenreTraining(params or ForestParams())
    outcome = train_on(TRAINER, training, purchases, open_artifacts(location), Order("tester"))
    return location, outcome.manifest
