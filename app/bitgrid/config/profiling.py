"""Finds the profiles a site uses, and fills in what site.yaml leaves to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bitgrid.config.device import MODBUS_PORT, DeviceConfig
from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.files import check
from bitgrid.config.profiles import PROFILES, DeviceProfile, RegisterProfile, TopicProfile
from bitgrid.config.site import Site
from bitgrid.config.yaml_source import YamlSource, read_yaml

SHIPPED = Path(sys.prefix) / "config" / "devices"
"""Those of the release that runs, so that they change with it; a checkout has them beside its site.yaml."""


def load_profile(path: Path) -> DeviceProfile:
    """Read one profile.

    Raises:
        ConfigError: naming file, line, column and key of each problem.
    """
    source = read_yaml(path)
    transport = source.data.get("transport") if isinstance(source.data, dict) else None
    if transport not in PROFILES:
        line, column = source.place(["transport"])
        told = f"must be one of {', '.join(PROFILES)} (given: {transport!r})"
        raise ConfigError([Problem(source.file, line, column, "transport", told)])
    return check(source, PROFILES[transport])


def with_profiles(site: Site, source: YamlSource, directory: Path) -> tuple[Site, dict[str, DeviceProfile]]:
    """A site with every device's port and unit id known, and the profiles its devices use, by name.

    Args:
        site: as site.yaml says.
        source: site.yaml, for the places of problems.
        directory: where the owner's own profiles are, which go before those of the release.

    Raises:
        ConfigError: a profile is missing or wrong, or does not fit its device.
    """
    problems: list[Problem] = []
    profiles: dict[str, DeviceProfile] = {}
    for i, device in enumerate(site.devices):
        name = device.profile
        if name is None or name in profiles:
            continue
        path = next((path for place in (directory, SHIPPED) if (path := place / f"{name}.yaml").is_file()), None)
        if path is None:
            known = ", ".join(sorted({*_names(directory), *_names(SHIPPED)})) or "none"
            told = f"there is no devices/{name}.yaml; there are: {known}"
            problems.append(_at(source, i, "profile", told))
            continue
        try:
            profiles[name] = load_profile(path)
        except ConfigError as error:
            problems += error.problems
    for i, device in enumerate(site.devices):
        problems += [_at(source, i, key, told) for key, told in _misfits(device, profiles)]
    if problems:
        raise ConfigError(problems)
    devices = [_filled(device, profiles) for device in site.devices]
    return site.model_copy(update={"devices": devices}), profiles


def _names(directory: Path) -> Iterator[str]:
    return (path.stem for path in directory.glob("*.yaml"))


def _misfits(device: DeviceConfig, profiles: Mapping[str, DeviceProfile]) -> Iterator[tuple[str, str]]:
    """Keys of a device that do not fit its profile, each with what is wrong."""
    profile = profiles.get(device.profile or "")
    if profile is None:
        return
    untold = [name for name in device.signals if name not in profile.signals]
    if untold:
        yield "signals", f"{profile.name} does not tell {', '.join(untold)}; it tells {', '.join(profile.signals)}"
    if isinstance(profile, TopicProfile):
        topics = {point.topic for told in profile.signals.values() for point in told.points}
        if device.topic is None and any("{topic}" in topic for topic in topics):
            yield "topic", "is missing; this profile needs to know the device's own topic"
        elif any(topic.replace("{topic}", device.topic or "").startswith("bitgrid/") for topic in topics):
            yield "topic", "leads to bitgrid/…, where the house itself talks; a device tells elsewhere"
    elif device.host is None:
        yield "host", "is missing; give the device's address"


def _filled(device: DeviceConfig, profiles: Mapping[str, DeviceProfile]) -> DeviceConfig:
    profile = profiles.get(device.profile or "")
    if device.host is None or isinstance(profile, TopicProfile):
        return device
    port = device.port or (profile.port if profile else MODBUS_PORT)
    unit_id = device.unit_id
    if unit_id is None:
        unit_id = profile.unit_id if isinstance(profile, RegisterProfile) else 1
    return device.model_copy(update={"port": port, "unit_id": unit_id})


def _at(source: YamlSource, device: int, key: str, told: str) -> Problem:
    path = ("devices", device, key)
    line, column = source.place(path)
    return Problem(source.file, line, column, ".".join(map(str, path)), told)
