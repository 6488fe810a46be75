"""`bitgrid run`: the whole house on this machine, in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

import bitgrid
from bitgrid.clock import ENVIRONMENT_VARIABLE, Clock, SystemClock
from bitgrid.config import Site, load_config
from bitgrid.config.network import is_loopback
from bitgrid.ops.house import GRACE_S, House
from bitgrid.ops.instance import Card, Instance, claim
from bitgrid.ops.places import Layout
from bitgrid.ops.plan import Plan, Wishes, make_plan
from bitgrid.ops.processes import end_all, house_processes
from bitgrid.ops.programs import Program, house_programs
from bitgrid.ops.readiness import probes_for
from bitgrid.ops.staging import write
from bitgrid.ops.supervisor_conf import render_mosquitto

DATA_VARIABLE = "BITGRID_DATA"

Choose = Callable[[Path | None, bool], Sequence[Program]]
"""The programs of the house, given the broker's configuration (None: not ours) and whether it is simulated."""


def run(wishes: Wishes, choose: Choose | None = None) -> int:
    """Run the house until told to stop; the exit code.

    Raises:
        ConfigError: the configuration cannot be used; nothing was started.
        Refusal: something else stands in the way; everything was ended again.
    """
    stopping = _stop_signals()
    plan = make_plan(wishes, SystemClock())
    instance = claim(wishes.var, plan.site)
    with instance.lock:
        return _live(plan, instance, choose or _everything(plan.site), stopping)


def _live(plan: Plan, instance: Instance, choose: Choose, stopping: threading.Event) -> int:
    machine, layout = SystemClock(), instance.layout
    _prepare(plan, instance, machine)
    site, clock, begun_s = load_config(layout.config).site, plan.start_clock(), machine.boot()
    programs = choose(_broker_conf(site, layout), plan.is_simulated)
    house = House(layout, programs, _environment(plan, instance, clock), machine, stopping)
    try:
        house.start()
        _write_card(plan, instance, site, clock)
        house.wait_until_ready(probes_for(site, [program.name for program in programs]))
        if not stopping.is_set():
            _say_ready(site, instance, machine.boot() - begun_s)
        code = house.watch()
    finally:
        stubborn = house.stop()
        layout.card.unlink(missing_ok=True)
    return _say_end(code, stubborn)


def _everything(site: Site) -> Choose:
    return lambda mosquitto_conf, simulated: house_programs(
        mosquitto_conf, simulated=simulated, mirrored=site.mirror is not None
    )


def _stop_signals() -> threading.Event:
    """Set by Ctrl-C, by SIGTERM, and by the terminal being closed. A second one ends this process at once."""
    stopping = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        stopping.set()

    for number in numbers:
        signal.signal(number, stop)
    return stopping


def _prepare(plan: Plan, instance: Instance, machine: Clock) -> None:
    """Make the instance's place ready, and say what is being done to it."""
    layout, site = instance.layout, plan.site
    click.echo(f"BitGrid {bitgrid.__version__} · {site.name} · {plan.pace}{_since(plan)}")
    if left := house_processes(layout.run):
        end_all(layout.run, machine, GRACE_S)
        click.echo(f"  ended what an earlier run had left over: {len(left)} processes")
    if plan.empties_data and layout.data.exists():
        shutil.rmtree(layout.data)
        click.echo(f"  emptied {_shown(layout.data)}: it held another simulated run (KEEP=1 keeps it)")
    if not plan.is_simulated:
        click.echo("  real devices are named in the site: no simulated house, real time, data kept")
    if instance.shift:
        click.echo(f"  ports are {instance.shift} further on than in the site's file: others use those")
    layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(plan.sources, instance, simulated=plan.is_simulated)


def _since(plan: Plan) -> str:
    if plan.starts_s is None:
        return ""
    moment = datetime.fromtimestamp(plan.starts_s, ZoneInfo(plan.site.location.timezone))
    return f" · from {moment:%Y-%m-%d %H:%M} {plan.site.location.timezone}"


def _broker_conf(site: Site, layout: Layout) -> Path | None:
    """Write the broker's configuration; None when the site names a broker on another machine."""
    if not is_loopback(site.broker.host):
        click.echo(f"  uses the broker at {site.broker.host}:{site.broker.port}")
        return None
    click.echo(f"  broker on port {site.broker.port}: anyone on this machine may use it, nobody else")
    text = render_mosquitto(site.broker.host, site.broker.port, as_root=os.geteuid() == 0)
    layout.mosquitto_conf.write_text(text, encoding="utf-8")
    return layout.mosquitto_conf


def _environment(plan: Plan, instance: Instance, clock: SystemClock) -> dict[str, str]:
    layout = instance.layout
    environment = {
        "BITGRID_CONFIG_DIR": str(layout.config),
        "BITGRID_DATA_DIR": str(layout.data),
        "BITGRID_RUN_DIR": str(layout.run),
        "BITGRID_LOG_DIR": str(layout.log),
        "BITGRID_SUPERVISOR": str(layout.supervisor_socket),
        ENVIRONMENT_VARIABLE: clock.to_environment(),
        "MALLOC_ARENA_MAX": "2",  # dozens of threads would each get a heap of their own
        "PYTHONUNBUFFERED": "1",
    }
    environment[DATA_VARIABLE] = str(plan.data or "")
    return environment


def _write_card(plan: Plan, instance: Instance, site: Site, clock: SystemClock) -> None:
    layout = instance.layout
    card = Card(
        pid=os.getpid(),
        url=f"http://{site.web.host}:{site.web.port}/",
        speed=plan.speed,
        config=str(layout.config),
        data=str(layout.data),
        run=str(layout.run),
        log=str(layout.log),
        clock=clock.to_environment(),
        is_simulated=plan.is_simulated,
    )
    layout.card.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _say_ready(site: Site, instance: Instance, seconds: float) -> None:
    click.echo(f"\nReady after {seconds:.1f} s:  http://{site.web.host}:{site.web.port}/\n")
    click.echo("  Ctrl-C ends everything. In another terminal:")
    click.echo("    .venv/bin/bitgrid status                     what runs, and why")
    click.echo("    .venv/bin/bitgrid plant fault meter-silent   break something and watch it stop")
    click.echo(f"  logs: {_shown(instance.layout.log)}")


def _say_end(code: int | None, stubborn: list[int]) -> int:
    if stubborn:
        click.echo(f"{len(stubborn)} processes did not end when asked and were killed.", err=True)
    if code is None:
        click.echo("\nEnded; nothing is left running.")
        return 0
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    click.echo(f"supervisord {how}, so everything else was ended too. Start again with `make run`.", err=True)
    return 1


def _shown(path: Path) -> str:
    """A path as short as it can be said here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
