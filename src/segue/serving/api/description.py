"""The OpenAPI description: what FastAPI finds out, and what clients made of it need beside."""

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
    "description": "A key of the API on AWS. A server of `segue serve` asks for none.",
}
_AWS = {
    "url": "https://{api}.execute-api.{region}.amazonaws.com/v1",
    "description": "A stack of template.yaml; its output ApiUrl.",
    "variables": {"api": {"default": "API"}, "region": {"default": "eu-central-1"}},
}
OPEN: dict[str, Any] = {"security": []}
"""The ``openapi_extra`` of a route that asks for no key; the template says the same of its event."""


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: clients call their methods so."""
    return route.name


def describe(api: FastAPI, base_path: str) -> dict[str, Any]:
    """Return the OpenAPI description of an application whose routes answer below a path."""
    described = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": base_path or "/", "description": "The server that serves this."}, _AWS],
    )
    described["components"]["securitySchemes"] = {"key": _KEY}
    for operations in described["paths"].values():
        for operation in operations.values():
            operation.setdefault("security", [{"key": []}])
            _say_problem_json(operation["responses"])
    return described


def _say_problem_json(responses: dict[str, Any]) -> None:
    for response in responses.values():
        content = response.get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if schema.get("$ref", "").endswith("/Problem"):
            content[PROBLEM_JSON] = content.pop("application/json")
