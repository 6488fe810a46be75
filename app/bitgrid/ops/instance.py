"""One instance of the house on this machine: its number, its lock, its ports, and the card that tells of it.

Several may run beside each other: each holds a lock for as long as it lives, and its ports are 100 further on than
those of the one before. A site with real devices runs once only: two controllers of one miner would quarrel.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ValidationError

from bitgrid.config import Site
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import Layout
from bitgrid.ops.ports import Endpoint, own_endpoints, taken
from bitgrid.ops.run_dir import make_run_dir

PORT_STRIDE = 100
MAX_INSTANCES = 10


class Card(BaseModel):
    """What a running instance tells of itself to other commands on the same machine."""

    pid: int
    url: str
    speed: float
    config: str
    data: str
    run: str
    log: str
    clock: str
    is_simulated: bool


@dataclass(frozen=True)
class Instance:
    """A claimed instance. The lock lasts as long as this process keeps ``lock`` open."""

    layout: Layout
    endpoints: tuple[Endpoint, ...]
    shift: int
    lock: TextIO


def claim(var: Path, site: Site) -> Instance:
    """The first instance that is not running and whose ports are free.

    Raises:
        Refusal: a real site is being run already, or no set of ports is free.
    """
    endpoints = own_endpoints(site)
    if not site.is_loopback_only:
        return _claim_real(var, site, endpoints)
    reasons = []
    for number in range(MAX_INSTANCES):
        shift = number * PORT_STRIDE
        claimed = _claim(var / str(number), endpoints, shift)
        if isinstance(claimed, Instance):
            return claimed
        reasons.append(f"  {number}: {claimed}")
    raise Refusal("no free set of ports, so nothing was started. Tried:\n" + "\n".join(reasons))


def _claim_real(var: Path, site: Site, endpoints: list[Endpoint]) -> Instance:
    """A real site has one directory of its own, so that its data are found again; only its ports may move."""
    home = var / f"site-{site.site}"
    reasons = []
    for number in range(MAX_INSTANCES):
        claimed = _claim(home, endpoints, number * PORT_STRIDE)
        if isinstance(claimed, Instance):
            return claimed
        if claimed.startswith("running"):
            raise Refusal(
                f"the site {site.site} is {claimed}. Its devices are real and bear one controller only, "
                f"so nothing was started. End the other one first."
            )
        reasons.append(f"  {number}: {claimed}")
    raise Refusal("no free set of ports, so nothing was started. Tried:\n" + "\n".join(reasons))


def _claim(home: Path, endpoints: list[Endpoint], shift: int) -> Instance | str:
    """The instance, or why it cannot be had."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _try_lock(home / "lock")
    if lock is None:
        return f"running already (process {_holder(home / 'lock')})"
    moved = [endpoint.shifted(shift) for endpoint in endpoints]
    busy = taken(moved)
    if busy:
        lock.close()
        return f"in use by another program: {', '.join(map(str, busy))}"
    return Instance(Layout(home.resolve(), make_run_dir(home)), tuple(endpoints), shift, lock)


def _try_lock(path: Path) -> TextIO | None:
    """The open lock file; None when another process holds it. It is never deleted: that would undo the lock."""
    lock = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "unknown"


def running(var: Path) -> Iterator[Card]:
    """The cards of the instances that run now: those whose lock is held."""
    for home in sorted(var.glob("*/")):
        card = _read_card(home / Layout(home, home).card.name)
        if card and (home / "lock").is_file() and _is_locked(home / "lock"):
            yield card


def _is_locked(path: Path) -> bool:
    with path.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _read_card(path: Path) -> Card | None:
    try:
        return Card.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
