"""`bitgrid host update-image`, `judge-update` and `last-update`: the whole system in two slots."""

from __future__ import annotations

import errno
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path

import click

from bitgrid.clock import SystemClock
from bitgrid.config import ConfigError, load_config
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.addresses import own_addresses
from bitgrid.ops.host.health import look_closely_at, wait_until_steady
from bitgrid.ops.host.places import HostPlaces
from bitgrid.ops.host.telling import say_health
from bitgrid.ops.slots import Phase, SlotError, State
from bitgrid.ops.slots.bundle import Bundle
from bitgrid.ops.slots.card import (
    CardPlaces,
    alone_at,
    begin_trial,
    find_card,
    for_change,
    leave_trial,
    this_machine,
    writable,
)
from bitgrid.ops.slots.state import load
from bitgrid.ops.slots.telling import health, words
from bitgrid.ops.slots.updating import Card, Progress, Updater, judge

KEY = Path("usr/share/bitgrid/release.pem")
_ALL = 100
_REMEDIES = {errno.ENOSPC: "make room on it", errno.EACCES: "call it with sudo", errno.EPERM: "call it with sudo"}
_root = click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path("/"), hidden=True)


@click.command(name="update-image")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_root
@click.option("--key", type=click.Path(path_type=Path), help="Who must have signed it; by default this system's.")
@click.option("--restart/--no-restart", "is_restarted", default=True, help="Begin the trial at once.")
@click.option("--older", "may_be_older", is_flag=True, help="Take one that is older than what runs, too.")
def update_image(file: Path, root: Path, key: Path | None, *, is_restarted: bool, may_be_older: bool) -> None:
    """Write a whole new system beside the one that runs, and start it on trial: it is kept only if it is well."""
    with _told():
        card = find_card(CardPlaces(root))
        bundle = Bundle(file, key or root / KEY)
        with _ended_in_order(), for_change(card):
            version, machine = installed_version("bitgrid"), this_machine()
            had_address = bool(own_addresses())
            updater = Updater(card, machine, version, SystemClock(), _on_terminal(), may_be_older, had_address)
            state = updater.install(bundle)
        click.echo(f"{state.version} is whole in slot {state.to}, and is tried at the next start.")
        if not is_restarted:
            click.echo(f"To begin: sudo {shlex.join(card.booting.reboot)}")
            return
        click.echo("Restarting: loads go off, the page is away for some minutes.")
        begin_trial(card)


@click.command(name="judge-update")
@_root
@click.option(
    "--within",
    "within_s",
    type=click.FloatRange(1, 3600),
    default=780.0,
    help="Seconds until it must be well; whether it stays so is seen after that, too.",
)
def judge_update(root: Path, within_s: float) -> None:
    """After a start: keep an update whose house is well, leave any other; a unit calls it."""
    with _told():
        card = find_card(CardPlaces(root))
        last = load(card.state)
        if last is not None and last.phase not in {Phase.KEPT, Phase.LEFT}:
            how_ill = partial(_how_ill, HostPlaces(root), within_s, had_address=last.had_address)
            try:
                with alone_at(card):
                    for last in judge(card, how_ill, SystemClock(), partial(writable, card)):
                        click.echo(f"{words(last)}.")
            except OSError:  # how it ended cannot be written down; the system before it says so then
                _leave_if_on_trial(card)
                raise
            if _leave_if_on_trial(card):
                return
    if last is not None:
        _tell(HostPlaces(root), last)


def _leave_if_on_trial(card: Card) -> bool:
    is_on_trial = card.running is not card.booting.usual()
    if is_on_trial:
        leave_trial()
    return is_on_trial


@click.command(name="last-update")
@_root
def last_update(root: Path) -> None:
    """Say how the last update of the whole system went."""
    with _told():
        state = load(CardPlaces(root).state)
    click.echo("There was no update yet." if state is None else f"{words(state)}.")


def _how_ill(places: HostPlaces, within_s: float, *, had_address: bool) -> str | None:
    """What is missing in the end; a configuration that the new system cannot read is that, too."""
    try:
        site = load_config(places.config).site
    except ConfigError as error:
        return f"it cannot read the configuration: {error}"
    clock = SystemClock()
    missing = look_closely_at(site, places, clock, own_addresses if had_address else None)
    return wait_until_steady(missing, clock, within_s)


def _tell(places: HostPlaces, state: State) -> None:
    """The house hears it, if it can; what it cannot hear stands on the screen still."""
    try:
        status, reason = health(state)
        say_health(load_config(places.config).site, "update", status, reason, SystemClock())
    except (ConfigError, Refusal) as error:
        click.echo(f"the house was not told: {error}", err=True)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """What ends a process, as a terminal that is closed does, ends it as Ctrl-C: nothing stays half said.

    Raises:
        Refusal: it was ended.
    """
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)}
    heard = [one for one, handler in before.items() if handler is not signal.SIG_IGN]  # nohup is somebody's wish
    for one in heard:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise Refusal(
            "the update was cut off before it was whole. The system that runs stays; start it again"
        ) from None
    finally:
        for one in heard:
            signal.signal(one, before[one])


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SlotError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "replace the card")
        raise Refusal(f"the card cannot be written: {error}. The system that runs stays; {remedy}") from None


def _on_terminal() -> Progress:
    """Tells every percent on a terminal, and nothing elsewhere, so that a log of it stays short."""
    last = ("", -1)

    def tell(step: str, share: float) -> None:
        nonlocal last
        now = (step, int(share * 100))
        if now != last and sys.stderr.isatty():
            click.echo(f"\r{step}: {now[1]:3d} %", nl=now[1] == _ALL, err=True)
        last = now

    return tell
