"""The client of the control socket: how the CLI and tests ask the simulated house for faults and truth."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from bitgrid.plant.errors import NoPlant, PlantError

SOCKET_NAME = "plant.sock"
TIMEOUT_S = 5.0


class PlantControl:
    """A running simulated house.

    Args:
        path: its control socket, see `find_socket`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def status(self) -> dict[str, Any]:
        """The whole truth: `House.status`."""
        status: dict[str, Any] = self._ask(command="status")["status"]
        return status

    def faults(self) -> list[dict[str, Any]]:
        """Every fault there is: name, active, text."""
        faults: list[dict[str, Any]] = self._ask(command="faults")["faults"]
        return faults

    def fault(self, name: str) -> None:
        """Let a fault happen, by its name in `Fault`."""
        self._ask(command="fault", name=name)

    def clear(self, name: str | None = None) -> None:
        """End a fault; without a name all of them, and mend all wires."""
        self._ask(command="clear", name=name)

    def wire(self, name: str, fault: str | None = None) -> None:
        """Let the wire to a device go bad, by a name in `WireFault`; None mends it."""
        self._ask(command="wire", name=name, fault=fault)

    def set(
        self, *, pv_factor: float | None = None, soc_pct: float | None = None, extra_load_w: int | None = None
    ) -> None:
        """Change the house; what is None stays.

        Args:
            pv_factor: what is left of the PV power, 0 to 1.
            soc_pct: the battery's state of charge, %.
            extra_load_w: load on top of the household's, W.
        """
        self._ask(command="set", pv_factor=pv_factor, soc_pct=soc_pct, extra_load_w=extra_load_w)

    def _ask(self, **asked: object) -> dict[str, Any]:
        """Ask one thing.

        Raises:
            NoPlant: nobody answers.
            PlantError: it answered that it will not.
        """
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(TIMEOUT_S)
                connection.connect(str(self._path))
                connection.sendall(json.dumps(asked).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    said: dict[str, Any] = json.loads(lines.readline())
        except (OSError, ValueError):
            raise NoPlant(
                f"no simulated house answers at {self._path}; is it running? Start one with: make run"
            ) from None
        if not said["ok"]:
            raise PlantError(str(said["error"]))
        return said


def find_socket(run_dir: Path | None = None) -> Path:
    """The control socket in ``run_dir``, else in BITGRID_RUN_DIR, else in the newest ``var/*/run`` from here.

    Raises:
        NoPlant: there is none.
    """
    named = run_dir or (Path(os.environ["BITGRID_RUN_DIR"]) if os.environ.get("BITGRID_RUN_DIR") else None)
    found = [named / SOCKET_NAME] if named else list(Path().glob(f"var/*/run/{SOCKET_NAME}"))
    sockets = [path for path in found if path.is_socket()]
    if not sockets:
        where = named or f"{Path.cwd()}/var/*/run"
        raise NoPlant(
            f"no simulated house is running: there is no {SOCKET_NAME} in {where}; "
            "start one with make run, or name its run directory with --run-dir"
        )
    return max(sockets, key=lambda path: path.stat().st_mtime)
