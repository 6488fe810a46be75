"""The screen at the host's own socket: where the page is, a code for a camera, how the house is. No secret.

But for one: until somebody has an account, the code for the first, which asks for nothing else than standing here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bitgrid.config import Config
from bitgrid.config.secrets import ACCOUNTS, SETUP_CODE, WEB_KEYS
from bitgrid.ops.first_boot import COPY, MISTAKE
from bitgrid.ops.host.addresses import own_addresses
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.health import Ask, still_missing
from bitgrid.ops.host.places import WEB, HostPlaces
from bitgrid.ops.slots import Phase, SlotError
from bitgrid.ops.slots.state import STATE, load
from bitgrid.ops.slots.telling import words

CLEAR = "\x1b[2J\x1b[H"
EVERY_S = 10.0
NO_DATA = "run/bitgrid-no-data"
"""Written before the system starts, by an image, where its data partition cannot be used."""
DATA = "/data"
"""Where an image has its data partition; nothing is there on a host that was provisioned otherwise."""
FAILING = (
    "This card cannot be written any more, so nothing is recorded, and no load is started.",
    "Replace the card, and restore the last backup.",
)
_MOST_LINES = 12
_QR_TIMEOUT_S = 5


@dataclass(frozen=True)
class Screen:
    """What is shown."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    fingerprint: str
    missing: str | None
    setup_code: str
    update: str = ""
    wrong: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Everything but the code for a camera."""
        yield "BitGrid"
        yield from self.wrong
        for place in (*self.names, *self.addresses):
            yield f"  https://{f'[{place}]' if ':' in place else place}/"
        if not self.addresses:
            yield "  This computer has no address yet. Is its network cable plugged in?"
        yield f"\n  {'The house is well.' if self.missing is None else f'Not well: {self.missing}'}"
        if self.update:
            yield f"  {self.update}."
        if self.setup_code:
            yield f"\n  The page asks for this code before the first account is made:  {self.setup_code}"
        if self.fingerprint:
            yield f"\n  Before a tablet trusts the certificate, compare (SHA-256):\n  {self.fingerprint}"


def look(config: Config, places: HostPlaces, ask: Ask) -> Screen:
    """What is to be shown now.

    Args:
        config: of the house.
        places: the appliance's; what may not be read is left out.
        ask: how the house is asked for its health.
    """
    is_certified = (places.tls / "ca.crt").exists()
    return Screen(
        tuple(config.site.web.names),
        own_addresses(),
        Authority(places.tls, "").fingerprint() if is_certified else "",
        still_missing(ask, None),
        _setup_code(places),
        _update(places),
        wrong_with_card(places),
    )


def wrong_with_card(places: HostPlaces) -> tuple[str, ...]:
    """What is wrong with the card this was started from, or with what its owner wrote onto it."""
    unusable, mistakes = _lines(places.root / NO_DATA), _lines(places.root / COPY)
    failing = FAILING if _is_given_up(places.root / "proc/self/mountinfo") else ()
    return (*unusable, *failing, *(mistakes if mistakes[:1] == (MISTAKE,) else ()))


def _is_given_up(mounts: Path) -> bool:
    """Whether the kernel mounted the data partition anew for reading alone, as it does after an error on the card.

    By the options of the file system itself, the last field (proc(5), mountinfo); a unit's mount has its own.
    """
    try:
        lines = [line.split() for line in mounts.read_text("utf-8").splitlines()]
    except OSError:
        return False
    return any(line[4] == DATA and "ro" in line[-1].split(",") for line in lines)


def code_for_camera(address: str) -> str:
    """The page's address as a QR code, in block characters; empty where qrencode(1) is missing."""
    url = f"https://{f'[{address}]' if ':' in address else address}/"
    try:
        done = subprocess.run(  # noqa: S603  own words
            ["qrencode", "--type=UTF8", "--margin=2", url],  # noqa: S607  the system's own
            capture_output=True,
            text=True,
            timeout=_QR_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _setup_code(places: HostPlaces) -> str:
    keys = places.secrets / WEB / WEB_KEYS
    try:
        return "" if (keys / ACCOUNTS).exists() else (keys / SETUP_CODE).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _update(places: HostPlaces) -> str:
    """The last update of the whole system, unless it is kept: then there is nothing to look at."""
    try:
        state = load(places.root / STATE)
    except SlotError:
        return ""
    return "" if state is None or state.phase is Phase.KEPT else words(state)


def _lines(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines()[:_MOST_LINES])
    except (OSError, UnicodeDecodeError):
        return ()
