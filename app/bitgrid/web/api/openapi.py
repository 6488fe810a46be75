"""The OpenAPI document (3.1), made from the operations and their pydantic models."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bitgrid import __version__
from bitgrid.web import entry
from bitgrid.web.api.models import ProblemAnswer
from bitgrid.web.api.operation import Operation
from bitgrid.web.api.operations import OPERATIONS

Json = dict[str, Any]
_REF = "#/components/schemas/{model}"
TOO_OFTEN = 429
_ANYWHERE = (401, 403, 421, TOO_OFTEN)
_WHY = {
    401: "No token and no session.",
    403: "The token or the person may not do this.",
    404: "There is no such thing.",
    409: "The rules, or what goes on already, do not allow it; `reason` is the rules' code.",
    413: "The body is too long.",
    415: "The body is not JSON.",
    421: "BitGrid does not answer to this name.",
    422: "What was sent does not fit; `errors` says what would.",
    429: "Asked too often; `Retry-After` says when to ask again.",
    503: "It cannot be done or told now; the detail says why.",
    504: "The rules did not answer; look at the state before asking again.",
}


@cache
def document(cookie: str) -> Json:
    """The whole document; shared, not to be changed.

    Args:
        cookie: the name of a session's cookie.
    """
    schemas = _Schemas([model for operation in OPERATIONS for model in _models(operation)])
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "BitGrid",
            "version": __version__,
            "summary": "What the house does with its surplus, why, and how to ask something of it.",
            "description": "Units are in the names, times are UTC epoch seconds. docs/api.md has the examples.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": schemas.shown,
            "responses": _refusals(schemas),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`bitgrid account token add` makes one; the scopes it needs stand beside it.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "A person who has logged in to the pages.",
                },
            },
        },
    }


class _Schemas:
    """Every model's schema, where the document refers to it."""

    def __init__(self, models: list[tuple[type[BaseModel], Any]]) -> None:
        self._refs, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
        self.components: Json = definitions["$defs"]

    @property
    def shown(self) -> Json:
        """Those that the document refers to; parameters stand where they are taken."""
        inline = {op.given.__name__ for op in OPERATIONS if not op.takes_body}
        return {name: schema for name, schema in self.components.items() if name not in inline}

    def of(self, model: type[BaseModel], mode: str) -> Json:
        """A reference to a model's schema."""
        return dict(self._refs[model, mode])  # type: ignore[index]  # mode is one of pydantic's two

    def whole(self, model: type[BaseModel], mode: str) -> Json:
        """A model's schema itself."""
        found: Json = self.components[self.of(model, mode)["$ref"].rsplit("/", 1)[1]]
        return found


def _models(operation: Operation[Any]) -> list[tuple[type[BaseModel], str]]:
    return [
        (operation.given, "validation"),
        (operation.answer, "serialization"),
        (ProblemAnswer, "serialization"),
    ]


def _operation(operation: Operation[Any], schemas: _Schemas) -> Json:
    said = inspect.getdoc(operation.handle) or ""
    summary, _, more = said.partition("\n\n")
    scope = entry.needed(f"api.{operation.name}", operation.method)
    told: Json = {
        "operationId": operation.name,
        "summary": summary.rstrip("."),
        "description": " ".join(more.split()),
        "security": [{"token": [scope]}, {"session": [scope]}],
        "responses": _responses(operation, schemas),
    }
    if operation.takes_body:
        body = schemas.of(operation.given, "validation")
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    elif parameters := _parameters(operation, schemas):
        told["parameters"] = parameters
    return told


def _parameters(operation: Operation[Any], schemas: _Schemas) -> list[Json]:
    schema = schemas.whole(operation.given, "validation")
    return [
        {
            "name": name,
            "in": "path" if name in operation.in_path else "query",
            "required": name in schema.get("required", ()),
            "description": told.get("description", ""),
            "schema": _of_parameter(told),
        }
        for name, told in schema.get("properties", {}).items()
    ]


def _of_parameter(told: Json) -> Json:
    """A parameter is left out, never null."""
    value = next((one for one in told.get("anyOf", ()) if one != {"type": "null"}), told)
    default = {"default": told["default"]} if told.get("default") is not None else {}
    return {key: value[key] for key in value if key not in {"title", "description"}} | default


def _responses(operation: Operation[Any], schemas: _Schemas) -> Json:
    answer = schemas.of(operation.answer, "serialization")
    found: Json = {"description": "As asked.", "content": {"application/json": {"schema": answer}}}
    if operation.links:
        found["links"] = {
            name: {"operationId": name} | ({_place(name): values} if values else {})
            for name, values in operation.links
        }
    codes = {*_ANYWHERE, 422, *operation.refusals, *((413, 415) if operation.takes_body else ())}
    refusals = {str(code): {"$ref": f"#/components/responses/{code}"} for code in sorted(codes)}
    return {str(operation.status): found, **refusals}


def _place(name: str) -> str:
    """Where a link puts what it takes from an answer."""
    takes_body = any(operation.takes_body for operation in OPERATIONS if operation.name == name)
    return "requestBody" if takes_body else "parameters"


def _refusals(schemas: _Schemas) -> Json:
    content = {"application/problem+json": {"schema": schemas.of(ProblemAnswer, "serialization")}}
    wait = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return {
        str(code): {"description": why, "content": content} | ({"headers": wait} if code == TOO_OFTEN else {})
        for code, why in _WHY.items()
    }
