"""Loading: every file checked against its schema, every problem reported at once, the whole hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.files import check, load_file
from bitgrid.config.flags import Flags
from bitgrid.config.plant import PlantConfig
from bitgrid.config.policies import Policies
from bitgrid.config.profiles import DeviceProfile
from bitgrid.config.profiling import with_profiles
from bitgrid.config.rules import Rules
from bitgrid.config.site import Site
from bitgrid.config.yaml_source import YamlSource, read_yaml

_FILES: dict[str, tuple[str, type[BaseModel]]] = {
    "site": ("site.yaml", Site),
    "rules": ("bitgrid_rules.yaml", Rules),
    "flags": ("flags.yaml", Flags),
    "policies": ("policies.yaml", Policies),
}


@dataclass(frozen=True)
class Config:
    """A whole, valid configuration; ``profiles`` are those that a device of the site uses, by name."""

    site: Site
    rules: Rules
    flags: Flags
    policies: Policies
    profiles: Mapping[str, DeviceProfile] = field(default_factory=dict)

    @cached_property
    def canonical_json(self) -> str:
        """The configuration as it is hashed and archived: sorted keys, no white space, no secrets."""
        parts = {name: getattr(self, name).model_dump(mode="json", by_alias=True) for name in _FILES}
        profiles = self.profiles.items()
        parts["profiles"] = {name: profile.model_dump(mode="json", by_alias=True) for name, profile in profiles}
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
    sources: dict[str, YamlSource] = {}
    for name, (file, model) in _FILES.items():
        try:
            sources[name] = read_yaml(directory / file)
            parts[name] = check(sources[name], model)
        except ConfigError as error:
            problems += error.problems
    if "site" in parts:
        try:
            parts["site"], parts["profiles"] = with_profiles(parts["site"], sources["site"], directory / "devices")
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return Config(**parts)


def load_plant(directory: Path) -> PlantConfig:
    """Read the simulated house's own file, plant.yaml."""
    return load_file(directory / "plant.yaml", PlantConfig)
