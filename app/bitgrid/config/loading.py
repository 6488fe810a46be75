"""Loading: every file checked against its schema, every problem reported at once, the whole hashed."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.flags import Flags
from bitgrid.config.plant import PlantConfig
from bitgrid.config.policies import Policies
from bitgrid.config.rules import Rules
from bitgrid.config.site import Site
from bitgrid.config.yaml_source import YamlSource, read_yaml

M = TypeVar("M", bound=BaseModel)

_FILES: dict[str, tuple[str, type[BaseModel]]] = {
    "site": ("site.yaml", Site),
    "rules": ("bitgrid_rules.yaml", Rules),
    "flags": ("flags.yaml", Flags),
    "policies": ("policies.yaml", Policies),
}


@dataclass(frozen=True)
class Config:
    """A whole, valid configuration."""

    site: Site
    rules: Rules
    flags: Flags
    policies: Policies

    @cached_property
    def canonical_json(self) -> str:
        """The configuration as it is hashed and archived: sorted keys, no white space, no secrets."""
        parts = {name: getattr(self, name).model_dump(mode="json", by_alias=True) for name in _FILES}
        return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def config_hash(self) -> str:
        """SHA-256 over `canonical_json`, in hex."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()


def load_config(directory: Path) -> Config:
    """Read and check all configuration files of a directory.

    Raises:
        ConfigError: with every problem of every file; nothing is loaded in part.
    """
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    for name, (file, model) in _FILES.items():
        try:
            parts[name] = load_file(directory / file, model)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return Config(**parts)


def load_plant(directory: Path) -> PlantConfig:
    """Read the simulated house's own file, plant.yaml."""
    return load_file(directory / "plant.yaml", PlantConfig)


def load_file(path: Path, model: type[M]) -> M:
    """Read one file and check it against its schema.

    Raises:
        ConfigError: naming file, line, column and key of each problem.
    """
    source = read_yaml(path)
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
        node = node.get("items", {}) if isinstance(key, int) else node.get("properties", {}).get(key, {})
    return sorted(_resolve(node, definitions).get("properties", {}))


def _resolve(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for option in [node, *node.get("anyOf", []), *node.get("allOf", [])]:
        if "$ref" in option:
            resolved: dict[str, Any] = definitions[option["$ref"].rsplit("/", 1)[1]]
            return resolved
    return node
