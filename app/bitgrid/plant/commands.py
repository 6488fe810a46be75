"""``bitgrid plant …``: what a person can ask of a running simulated house."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bitgrid.plant.control import PlantControl, find_socket
from bitgrid.plant.errors import PlantError
from bitgrid.plant.faults import Fault
from bitgrid.plant.wire_faults import WIRE_DESCRIPTIONS, WireFault

FAULT_NAMES = click.Choice([fault.value for fault in Fault])
WIRE_FAULT_NAMES = click.Choice([fault.value for fault in WireFault])


@click.group()
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where its control socket is; else BITGRID_RUN_DIR, else the newest var/*/run from here.",
)
@click.pass_context
def plant(context: click.Context, run_dir: Path | None) -> None:
    """The simulated house: look at it, let things go wrong in it."""
    context.obj = run_dir


@plant.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.pass_obj
def status(run_dir: Path | None, as_json: bool) -> None:
    """Show the whole truth about the house, whatever its devices say."""
    with _running(run_dir) as control:
        truth = control.status()
    click.echo(json.dumps(truth, indent=2) if as_json else "\n".join(_lines(truth)))


@plant.command()
@click.pass_obj
def faults(run_dir: Path | None) -> None:
    """List the faults there are; the active ones are marked."""
    with _running(run_dir) as control:
        known = control.faults()
    for fault_ in known:
        click.echo(f"{'*' if fault_['active'] else ' '} {fault_['name']:<22}{fault_['text']}")


@plant.command()
@click.argument("name", type=FAULT_NAMES)
@click.pass_obj
def fault(run_dir: Path | None, name: str) -> None:
    """Let something go wrong, until it is cleared."""
    with _running(run_dir) as control:
        control.fault(name)
    click.echo(f"{name}: active; end it with: bitgrid plant clear {name}")


@plant.command()
@click.argument("name", type=FAULT_NAMES, required=False)
@click.pass_obj
def clear(run_dir: Path | None, name: str | None) -> None:
    """End a fault; without NAME all of them, and mend all wires."""
    with _running(run_dir) as control:
        control.clear(name)
    click.echo(f"{name or 'all faults'}: cleared")


@plant.command()
@click.argument("name", required=False)
@click.argument("fault", type=WIRE_FAULT_NAMES, required=False)
@click.pass_obj
def wire(run_dir: Path | None, name: str | None, fault: str | None) -> None:
    """Let the wire to a device go bad; without FAULT mend it, without NAME list wires and faults."""
    with _running(run_dir) as control:
        if name:
            control.wire(name, fault)
        wires = control.status()["wires"]
    if name:
        click.echo(f"{name}: {f'{fault}; mend it with: bitgrid plant wire {name}' if fault else 'sound'}")
        return
    for wire_, wrong in wires.items():
        click.echo(f"{'*' if wrong else ' '} {wire_:<22}{wrong or 'sound'}")
    for fault_, text in WIRE_DESCRIPTIONS.items():
        click.echo(f"    {fault_:<20}{text}")


@plant.command("set")
@click.option(
    "--pv-factor", type=click.FloatRange(0, 1), help="What is left of the PV power: 0.2 is a dark cloud."
)
@click.option("--soc", "soc_pct", type=click.FloatRange(0, 100), help="The battery's state of charge, %.")
@click.option("--extra-load", "extra_load_w", type=click.IntRange(0, 100_000), help="Load on top, W.")
@click.pass_obj
def set_(run_dir: Path | None, pv_factor: float | None, soc_pct: float | None, extra_load_w: int | None) -> None:
    """Change the house; what is not named stays."""
    with _running(run_dir) as control:
        control.set(pv_factor=pv_factor, soc_pct=soc_pct, extra_load_w=extra_load_w)
        truth = control.status()
    click.echo("\n".join(_lines(truth)))


@contextmanager
def _running(run_dir: Path | None) -> Iterator[PlantControl]:
    try:
        yield PlantControl(find_socket(run_dir))
    except PlantError as error:
        raise click.ClickException(str(error)) from None


def _lines(truth: dict[str, Any]) -> Iterator[str]:
    yield f"{datetime.fromtimestamp(truth['at_s'], UTC):%Y-%m-%d %H:%M:%S} UTC"
    soc = "" if truth["soc_pct"] is None else f" at {truth['soc_pct']:.1f} %"
    yield f"pv {truth['pv_w']} W, house {truth['house_w']} W, miners {truth['miners_w']} W"
    yield f"battery {truth['battery_w']:+d} W (+ charging){soc}, grid {truth['grid_w']:+d} W (+ import)"
    for name, load in truth["loads"].items():
        chips = f"{load['temp_c']:.1f} °C, {load['hashrate_ths']:.1f} TH/s, " if "temp_c" in load else ""
        yield f"{name}: {load['level']}, {load['power_w']} W, {chips}relay {load['relay']}"
    wires = [f"{wrong} on the wire to {name}" for name, wrong in truth["wires"].items() if wrong]
    yield f"faults: {', '.join([*truth['faults'], *wires]) or 'none'}"
