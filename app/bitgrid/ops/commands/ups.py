"""`bitgrid ups …`: what upsmon's NOTIFYCMD and SHUTDOWNCMD call; docs/ups.md shows how."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import click

from bitgrid.bus import Topics
from bitgrid.bus.access import Access
from bitgrid.bus.client import MqttBus
from bitgrid.clock import clock_from_environment
from bitgrid.config import ConfigError, load_config
from bitgrid.config.network import Broker
from bitgrid.ops.broker_access import access_for
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import default_config
from bitgrid.ops.ups import Status, UpsCall

ANSWER_S = 5.0
SHUTDOWN_S = 60.0
_WORDS: dict[str, Status] = {"online": "online", "on-battery": "on_battery", "shutdown": "shutdown"}
NOTIFY = "notify"
_NOTIFIED: dict[str, Status] = {"ONLINE": "online", "ONBATT": "on_battery", "LOWBATT": "on_battery"}
"""NOTIFYTYPE of upsmon(8), where it says something of the mains."""
_DONE: dict[Status, str] = {
    "online": "The house knows that mains power is back; loads may start again at a tick.",
    "on_battery": "The house knows that mains power has failed; every load is stopped.",
    "shutdown": "Every load is off and everything is written; the computer may go down.",
}


@click.command()
@click.argument("what", type=click.Choice([*_WORDS, NOTIFY]))
@click.argument("message", required=False)
@click.option("--config", "directory", type=click.Path(path_type=Path), help="Where the configuration lies.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(1, 300), help="Seconds to wait at most.")
def ups(what: str, message: str | None, directory: Path | None, timeout_s: float | None) -> None:
    """Tell the house what its UPS does, and wait until it has heard; before a shutdown, until the loads are off.

    `notify` takes upsmon's own word, as its NOTIFYCMD is called: NOTIFYTYPE, and a MESSAGE that is not looked at.
    It can be called as often as wanted. What is not answered within the time ends with 1 and says so.
    """
    del message
    status = _NOTIFIED.get(os.environ.get("NOTIFYTYPE", "")) if what == NOTIFY else _WORDS[what]
    if status is None:
        click.echo("That says nothing of the mains; the house was told nothing.")
        return
    _tell(status, directory or default_config(), timeout_s or (SHUTDOWN_S if status == "shutdown" else ANSWER_S))


def _access(broker: Broker) -> Access:
    try:
        return access_for(broker, "ups")
    except ConfigError as error:
        raise Refusal(f"the house was told nothing, for nothing can be shown to its broker:\n{error}") from None


def _tell(status: Status, given: Path, timeout_s: float) -> None:
    try:
        site = load_config(given).site
    except ConfigError as error:
        raise Refusal(f"{given} is no configuration of a house:\n{error}") from None
    clock = clock_from_environment()
    name, broker = f"ups-{os.getpid()}", site.broker
    bus = MqttBus(name, broker.host, broker.port, speed=clock.speed, access=_access(broker))
    call = UpsCall(status, bus, Topics(site.site), clock, actor=f"upsmon ({getpass.getuser()})")
    bus.start()
    try:
        wrong = call.wait(timeout_s)
    finally:
        bus.stop()
    if wrong:
        raise Refusal(f"The house on {site.broker.host}:{site.broker.port}: {'; '.join(wrong)}.")
    click.echo(_DONE[status])
