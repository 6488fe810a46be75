"""`reviver`: supervisord's event listener; speaks to supervisord alone, so it imports nothing of the bus.

supervisord writes events to its standard input and reads the answers from its standard output.
"""

from __future__ import annotations

import logging
import os
import select
import sys
from pathlib import Path
from typing import BinaryIO

from bitgrid.clock import SystemClock
from bitgrid.ops.listener import ACKNOWLEDGED, READY, given_up, payload_length
from bitgrid.ops.reviver import Reviver
from bitgrid.ops.supervisor_client import Supervisor


def main() -> None:
    """Answer events and revive programs until supervisord closes the pipe or ends this process."""
    logging.basicConfig(level="INFO", format="%(asctime)s reviver %(levelname)s %(message)s", stream=sys.stderr)
    reviver = Reviver(Supervisor(Path(os.environ["BITGRID_SUPERVISOR"])), SystemClock())
    events, answers = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115  the pipes are given
    answers.write(READY)
    while True:
        readable, _, _ = select.select([events], [], [], reviver.step())
        if not readable:
            continue
        header = _read_line(events)
        if not header:
            return
        name = given_up(header, _read(events, payload_length(header)))
        answers.write(ACKNOWLEDGED + READY)
        if name:
            reviver.on_fatal(name)


def _read_line(events: BinaryIO) -> bytes:
    """Up to a line's end, without reading ahead: `select` must see what is left."""
    line = b""
    while not line.endswith(b"\n"):
        byte = events.read(1)
        if not byte:
            return b""
        line += byte
    return line


def _read(events: BinaryIO, length: int) -> bytes:
    payload = b""
    while len(payload) < length:
        more = events.read(length - len(payload))
        if not more:
            break
        payload += more
    return payload


if __name__ == "__main__":
    main()
