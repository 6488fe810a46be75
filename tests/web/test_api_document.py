"""The OpenAPI document says what there is, all of it, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bitgrid.research.layout import DEFAULT_KINDS, KINDS
from bitgrid.web import entry
from bitgrid.web.api.given import ExportBody, Kind
from bitgrid.web.api.operation import Operation
from bitgrid.web.api.operations import OPERATIONS

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
HTTP = {"GET", "POST", "PUT", "DELETE", "PATCH"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def inside(value: object) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(inner)


def test_every_address_of_the_api_is_in_it_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    there = {
        (re.sub("<([^>]+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) & HTTP
    }
    told = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    assert told == there


def test_it_is_of_openapi_3_1_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    references = [one["$ref"] for one in inside(document) if "$ref" in one]
    assert len(references) > 50
    for reference in references:
        found: Any = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]
        assert found


def test_every_schema_is_one_of_json_schema_2020_12(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert schema.get("description"), name


def test_every_link_names_an_operation_and_what_it_takes(document: dict[str, Any]) -> None:
    operations = {
        one["operationId"]: one for one in inside(document) if "responses" in one and "operationId" in one
    }
    links = [link for one in inside(document) for link in one.get("links", {}).values()]
    assert len(links) > 10
    for link in links:
        target = operations[link["operationId"]]
        names = {parameter["name"] for parameter in target.get("parameters", ())}
        assert set(link.get("parameters", {})) <= names
        assert "requestBody" in target or "requestBody" not in link


def test_it_says_which_scope_is_needed(document: dict[str, Any]) -> None:
    assert document["paths"]["/override"]["post"]["security"][0] == {"token": ["override"]}
    assert document["paths"]["/whatif"]["post"]["security"][0] == {"token": ["read"]}
    assert document["paths"]["/autonomy"]["post"]["security"][0] == {"token": ["operate"]}
    for operation in OPERATIONS:
        told = document["paths"][operation.path][operation.method.lower()]["security"][0]["token"]
        assert told == [entry.needed(f"api.{operation.name}", operation.method)]


def test_an_answer_is_as_the_document_says(client: FlaskClient, document: dict[str, Any]) -> None:
    """By another library than the one that wrote it; schemathesis does the same for all of them."""
    schema = {"$ref": "#/components/schemas/HealthAnswer", "components": document["components"]}
    assert jsonschema_rs.is_valid(schema, client.get("/api/v1/health").get_json())
    assert not jsonschema_rs.is_valid(schema, {"status": "splendid"})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_written_down_for_people_too(operation: Operation[Any]) -> None:
    assert f"`{operation.method} {operation.path.removeprefix('/')}" in DOCS.read_text(encoding="utf-8")


def test_it_is_small_enough_to_be_read_at_once(document: dict[str, Any]) -> None:
    assert len(json.dumps(document)) < 80_000


def test_the_kinds_of_a_bundle_are_those_there_are() -> None:
    assert get_args(Kind) == KINDS
    assert tuple(ExportBody.model_validate({"from": "2025-05-01", "to": "2025-06-01"}).kinds) == DEFAULT_KINDS
