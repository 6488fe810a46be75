"""docs/configuration.md, made from the schemas: one table a file, every key with type, default and meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from bitgrid.config import Flags, PlantConfig, Policies, Rules, Site

FILES: dict[str, type[BaseModel]] = {
    "site.yaml": Site,
    "bitgrid_rules.yaml": Rules,
    "flags.yaml": Flags,
    "policies.yaml": Policies,
    "plant.yaml": PlantConfig,
}
_BOUNDS = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true/false",
    "object": "numbers by name",
}

_INTRO = """\
# Configuration

Made by `make docs` from the schemas in `app/bitgrid/config/`, which check every file at start; not edited by hand.

Every file is checked whole before anything starts. What is wrong is named with file, line, column and key, and
nothing is started or changed. A key that is not listed here is an error, and so is a key that stands twice.
`bitgrid config check` does the same without starting anything. `[]` stands for each entry of a list.
"""


@dataclass(frozen=True)
class Key:
    """A key that may stand in a file."""

    path: str
    kind: str
    default: str
    meaning: str


def render() -> str:
    """The whole page."""
    return _INTRO + "".join(_section(file, model) for file, model in FILES.items())


def keys_of(model: type[BaseModel]) -> list[Key]:
    """Every key of a file, in the order of its schema."""
    schema = model.model_json_schema(by_alias=True)
    return list(_walk(schema, schema.get("$defs", {}), ""))


def _section(file: str, model: type[BaseModel]) -> str:
    about = (model.__doc__ or "").strip()
    rows = "".join(f"| `{key.path}` | {key.kind} | {key.default} | {key.meaning} |\n" for key in keys_of(model))
    return f"\n## {file}\n\n{about}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}"


def _walk(schema: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str) -> Iterator[Key]:
    required = set(schema.get("required", []))
    for name, given in schema.get("properties", {}).items():
        node, is_list = _resolve(given, definitions)
        path = f"{prefix}{name}"
        if "properties" in node:
            yield Key(
                path, "list of" if is_list else "section", _default(given, name in required), _meaning(given, node)
            )
            yield from _walk(node, definitions, f"{path}[]." if is_list else f"{path}.")
        else:
            kind = f"list of {_kind(node)}" if is_list else _kind(node)
            yield Key(path, kind, _default(given, name in required), _meaning(given, node))


def _resolve(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The schema behind references and "or null", and whether it is that of a list's entries."""
    options = [option for option in node.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        return _resolve(options[0], definitions)
    if "$ref" in node:
        return _resolve(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    if node.get("type") == "array":
        return _resolve(node["items"], definitions)[0], True
    return node, False


def _kind(node: Mapping[str, Any]) -> str:
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    bounds = [f"{sign} {node[bound]}" for bound, sign in _BOUNDS.items() if bound in node]
    kind = _TYPES.get(node.get("type", ""), "value")
    return f"{kind} {', '.join(bounds)}" if bounds else kind


def _default(given: Mapping[str, Any], is_required: bool) -> str:
    if is_required:
        return "must be given"
    default = given.get("default")
    if default is None:
        return "none"
    if isinstance(default, dict | list):
        return "empty" if not default else "as below"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _meaning(given: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    return " ".join(str(given.get("description") or node.get("description") or "").split())
