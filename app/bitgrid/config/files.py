"""One file: read, checked against its schema, every problem named with line, column and key."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.yaml_source import YamlSource, read_yaml

M = TypeVar("M", bound=BaseModel)


def load_file(path: Path, model: type[M]) -> M:
    """Read one file and check it against its schema.

    Raises:
        ConfigError: naming file, line, column and key of each problem.
    """
    return check(read_yaml(path), model)


def check(source: YamlSource, model: type[M]) -> M:
    """Check a document against its schema.

    Raises:
        ConfigError: as `load_file`.
    """
    if not isinstance(source.data, dict):
        raise ConfigError([Problem(source.file, 0, 0, "", "is empty or no mapping of keys to values")])
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError([_problem(source, model, detail) for detail in error.errors()]) from None


def _problem(source: YamlSource, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    path = detail["loc"]
    line, column = source.place(path)
    return Problem(source.file, line, column, ".".join(map(str, path)), _message(model, detail))


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:
    path, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
        return f"extra key; {hint}"
    if kind == "missing":
        return "is missing; it must be given"
    text = detail["msg"].removeprefix("Value error, ")
    given = detail["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{text[0].lower()}{text[1:]}{shown}"


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that a mapping at ``path`` may have, read off the JSON schema."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    node = schema
    for key in path:
        node = _resolve(node, definitions)
        inner = node.get("items") if isinstance(key, int) else node.get("properties", {}).get(key)
        # What is no key is a name that a schema has for one of several forms.
        node = inner or node.get("additionalProperties") or node
    return sorted(_resolve(node, definitions).get("properties", {}))


def _resolve(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for option in [node, *node.get("anyOf", []), *node.get("allOf", [])]:
        if "$ref" in option:
            resolved: dict[str, Any] = definitions[option["$ref"].rsplit("/", 1)[1]]
            return resolved
    return node
