"""The OpenAPI description: FastAPI's, with the additions that generated clients need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from segue.serving.api.problem import PROBLEM_JSON

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.routing import APIRoute

_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "x-api-key",
    "description": "A key of the API on AWS. `segue serve` needs no key.",
}
_AWS = {
    "url": "https://{api}.execute-api.{region}.amazonaws.com/v1",
    "description": "A stack of template.yaml; its output ApiUrl.",
    "variables": {"api": {"default": "API"}, "region": {"default": "eu-central-1"}},
}
OPEN: dict[str, Any] = {"security": []}
"""The ``openapi_extra`` of a route without a key; the template defines the same for its event."""


def operation_id(route: APIRoute) -> str:
    """Return the name of the route's function; generated clients use it as the name of a method."""
    return route.name


def describe(api: FastAPI, base_path: str) -> dict[str, Any]:
    """Return the OpenAPI description of an application with a base path."""
    described = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": base_path or "/", "description": "This server."}, _AWS],
    )
    described["components"]["securitySchemes"] = {"key": _KEY}
    for operations in described["paths"].values():
        for operation in operations.values():
            operation.setdefault("security", [{"key": []}])
            _use_problem_json(operation["responses"])
    return described


def _use_problem_json(responses: dict[str, Any]) -> None:
    for response in responses.values():
        content = response.get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if schema.get("$ref", "").endswith("/Problem"):
            content[PROBLEM_JSON] = content.pop("application/json")
