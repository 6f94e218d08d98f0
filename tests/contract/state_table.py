"""Create the state's table as its stack describes it, so that what is tested is what is deployed."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3

from infra.template import load
from tests.architecture.tree import ROOT


@cache
def _described() -> dict[str, Any]:
    properties: dict[str, Any] = load(ROOT / "infra" / "storage.yaml")["Resources"]["StateTable"][
        "Properties"
    ]
    return properties


def create_table(name: str) -> str:
    """Create an empty table where AWS_ENDPOINT_URL leads; returns its name."""
    described = _described()
    keys = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "BillingMode")
    client = boto3.client("dynamodb")
    client.create_table(TableName=name, **{key: described[key] for key in keys})
    ttl = described["TimeToLiveSpecification"]
    client.update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"AttributeName": ttl["AttributeName"], "Enabled": ttl["Enabled"]},
    )
    return name
