"""The configuration an instance will use: gathered, checked whole, and only then written in its place."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bitgrid.config import Config, ConfigError, Problem, load_config
from bitgrid.config.loading import load_plant
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import Instance
from bitgrid.ops.ports import write_shifted

SITE = "site.yaml"
PLANT = "plant.yaml"
PROFILES = "devices"
FILES = (SITE, "bitgrid_rules.yaml", "flags.yaml", "policies.yaml")


@dataclass(frozen=True)
class Sources:
    """Where the configuration comes from.

    Args:
        directory: the files of the house.
        site_file: takes the place of its site.yaml; None: its own.
    """

    directory: Path
    site_file: Path | None = None

    def file(self, name: str) -> Path:
        """Where one of the files stands."""
        return self.site_file if name == SITE and self.site_file else self.directory / name


def check(sources: Sources) -> Config:
    """Load everything, as the services will.

    Raises:
        ConfigError: with every problem, naming the files by their owner's names.
        Refusal: SITE names no file.
    """
    if sources.site_file and not sources.site_file.is_file():
        raise Refusal(f"SITE={sources.site_file}: no such file, so nothing was started.")
    with tempfile.TemporaryDirectory(prefix="bitgrid-check-") as name:
        trial = Path(name)
        _copy(sources, trial, FILES)
        try:
            config = load_config(trial)
        except ConfigError as error:
            raise ConfigError([_by_owners_name(problem, sources, trial) for problem in error.problems]) from None
    if config.site.is_loopback_only:
        load_plant(sources.directory)
    return config


def write(sources: Sources, instance: Instance, *, simulated: bool) -> None:
    """Put a checked configuration in the instance's place, its ports moved where they must be."""
    target = instance.layout.config
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    _copy(sources, target, (*FILES, PLANT) if simulated else FILES)
    if instance.shift:
        write_shifted(sources.file(SITE), target / SITE, instance.endpoints, instance.shift)


def _copy(sources: Sources, target: Path, names: tuple[str, ...]) -> None:
    """Copy what is there; what is missing is for the loader to name."""
    for name in names:
        if sources.file(name).is_file():
            shutil.copyfile(sources.file(name), target / name)
    profiles = sources.directory / PROFILES
    if profiles.is_dir():
        shutil.copytree(profiles, target / PROFILES)


def _by_owners_name(problem: Problem, sources: Sources, trial: Path) -> Problem:
    message = problem.message.replace(str(trial), str(sources.directory))
    return dataclasses.replace(problem, file=sources.file(problem.file).name, message=message)
