"""`bitgrid doctor`."""

from __future__ import annotations

import dataclasses
import json
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from bitgrid.clock import SystemClock
from bitgrid.config import Config, ConfigError, load_config
from bitgrid.config.network import is_loopback
from bitgrid.ops.checks import house, machine
from bitgrid.ops.checks.finding import Finding, Verdict, error, ok, render, warn
from bitgrid.ops.checks.firewall import firewall
from bitgrid.ops.host.places import IO
from bitgrid.ops.instance import running
from bitgrid.ops.places import default_config, project_root

APPLIANCE_DATA, APPLIANCE_RUN = "/var/lib/bitgrid", "/run/bitgrid"


@dataclass(frozen=True)
class Patient:
    """The house that is looked at; ``is_running`` where this machine has an instance of it up."""

    config: Path
    places: machine.Places
    is_running: bool


@click.command()
@click.option("--config", type=click.Path(file_okay=False, path_type=Path), help="Directory of the configuration.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.pass_context
def doctor(context: click.Context, config: Path | None, as_json: bool) -> None:
    """Check everything a person would check, and say how to mend it; exit code 1 if something is wrong.

    It looks at the house that runs on this machine, or at the one a configuration describes.
    """
    findings = list(examine(_patient(config)))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        click.echo(render(findings))
    context.exit(int(any(finding.verdict is Verdict.ERROR for finding in findings)))


def examine(patient: Patient) -> Iterator[Finding]:
    """Every check that makes sense for this house."""
    clock = SystemClock()
    yield from machine.versions()
    yield from machine.clock(clock)
    is_writer = not _is_appliance(patient.config) or os.geteuid() == 0  # there the data are bitgrid-core's
    yield from machine.disk(patient.places.data, must_write=is_writer)
    yield from machine.permissions(patient.places)
    if _is_appliance(patient.config):
        yield from firewall(machine.run_command, is_root=os.geteuid() == 0)
    try:
        config = load_config(patient.config)
    except ConfigError as problems:
        yield from (_config_error(str(problem)) for problem in problems.problems)
        return
    yield ok("configuration", f"{patient.config} is in order")
    yield from machine.programs(["setpriv", *(["mosquitto"] if is_loopback(config.site.broker.host) else [])])
    yield from _house(config, patient, clock)


def _house(config: Config, patient: Patient, clock: SystemClock) -> Iterator[Finding]:
    if config.site.is_loopback_only and not patient.is_running:
        yield warn("house", "the simulated house is not running", "So there is no device to look at.", "make run")
        return
    if _is_appliance(patient.config) and not _is_device_user():
        yield warn(
            "house",
            f"broker and devices are for {IO} to reach, so they were not asked",
            "The firewall lets nobody else through. Call it as that user, too.",
            f"sudo -u {IO} bitgrid doctor",
        )
        return
    from bitgrid.ops.checks.hands import RealHands  # noqa: PLC0415  loads the drivers only where there are devices

    hands = RealHands(config, clock)
    yield from house.broker(config.site, hands)
    yield from house.devices(config.site, hands)
    yield from house.loads(config.site, hands)


def _config_error(problem: str) -> Finding:
    return error("configuration", problem, "Nothing starts with it. Mend the file.", "bitgrid config check")


def _patient(config: Path | None) -> Patient:
    if config is None:
        for card in running(project_root() / "var"):
            place = Path(card.config)
            return Patient(
                place, machine.Places(Path(card.data), Path(card.run), place / "secrets"), is_running=True
            )
    place = config or default_config()
    data = Path(
        os.environ.get("BITGRID_DATA_DIR", APPLIANCE_DATA if _is_appliance(place) else project_root() / "var")
    )
    run = Path(os.environ.get("BITGRID_RUN_DIR", APPLIANCE_RUN))
    return Patient(place, machine.Places(data, run, place / "secrets"), is_running=_is_appliance(place))


def _is_device_user() -> bool:
    return pwd.getpwuid(os.geteuid()).pw_name == IO


def _is_appliance(config: Path) -> bool:
    return config == Path("/etc/bitgrid")
