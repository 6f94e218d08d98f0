"""Read template.yaml as plain values: short intrinsic tags become their long form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # no fourth kind of node
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path) -> dict[str, Any]:
    """Read a SAM or CloudFormation template; `!Ref X` becomes `{"Ref": "X"}`."""
    template = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    if not isinstance(template, dict):
        raise TypeError(f"{path} is not a template: its top level must be a mapping.")
    return template


def resources(template: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the logical id and properties of every resource of a type, in the template's order."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield logical_id, resource.get("Properties", {})


def layers_of(properties: Mapping[str, Any]) -> list[str]:
    """Return the logical ids of a function's layers, in the order they are merged."""
    return [layer["Ref"] for layer in properties.get("Layers", [])]


def folder_of(logical_id: str) -> str:
    """Return the folder of a function or layer: `GenrePreferenceFunction` is `genre_preference`."""
    stem = logical_id.removesuffix("Function").removesuffix("Layer")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in stem).lstrip("_")
