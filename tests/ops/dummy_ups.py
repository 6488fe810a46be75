"""A UPS that does what it is told, with Network UPS Tools' own upsd and upsmon, on a free port of this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from broker import eventually, free_port

NUT = Path("/lib/nut")
IS_INSTALLED = all((NUT / name).exists() for name in ("upsd", "upsmon", "dummy-ups"))
ADMIN = ("-u", "admin", "-p", "admin")


class DummyUps:
    """upsd, its dummy driver, and an upsmon that calls `bitgrid ups` as docs/ups.md says."""

    def __init__(self, directory: Path, bitgrid: Path, config: Path) -> None:
        directory.mkdir()
        self.went_down = directory / "went-down"
        self._directory, self._port = directory, free_port()
        self._environment = {
            **os.environ,
            "NUT_CONFPATH": str(directory),
            "NUT_STATEPATH": str(directory),
            "NUT_ALTPIDPATH": str(directory),
            "BITGRID_CLOCK": "",
        }
        call = f"{bitgrid} ups"
        self._write("dummy.dev", "ups.status: OL\nups.load: 10\n")
        self._write(
            "ups.conf", f"[dummy]\n driver = dummy-ups\n port = {directory}/dummy.dev\n mode = dummy-once\n"
        )
        self._write("upsd.conf", f"LISTEN 127.0.0.1 {self._port}\nSTATEPATH {directory}\n")
        self._write(
            "upsd.users",
            "[admin]\n password = admin\n actions = SET\n[mon]\n password = mon\n upsmon primary\n",
        )
        self._write(
            "upsmon.conf",
            f"MONITOR dummy@127.0.0.1:{self._port} 1 mon mon primary\n"
            "RUN_AS_USER root\nPOLLFREQ 1\nPOLLFREQALERT 1\nDEADTIME 10\nFINALDELAY 0\nHOSTSYNC 1\n"
            f'NOTIFYCMD "{call} notify --config {config}"\n'
            "NOTIFYFLAG ONBATT EXEC\nNOTIFYFLAG ONLINE EXEC\n"
            f'SHUTDOWNCMD "{call} shutdown --config {config}; touch {self.went_down}"\n'
            f"POWERDOWNFLAG {directory}/killpower\n",
        )
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._start("dummy-ups", "-a", "dummy", "-u", "root", "-D")
        eventually((self._directory / "dummy-ups-dummy").exists, "the driver listens")
        self._start("upsd", "-D", "-u", "root")
        eventually(lambda: self.status() == "OL", "upsd knows the UPS")
        self._start("upsmon", "-D", "-p")
        eventually(lambda: "dummy" in self._log("upsmon"), "upsmon looks at it")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            process.kill()
            process.wait()

    def becomes(self, status: str) -> None:
        """Let the UPS report another status."""
        self._do("upsrw", "-s", f"ups.status={status}", *ADMIN)
        eventually(lambda: self.status() == status, f"the UPS reports {status}")

    def status(self) -> str:
        """What upsd says of it."""
        return self._do("upsc").strip()

    def _do(self, command: str, *arguments: str) -> str:
        name = f"dummy@127.0.0.1:{self._port}"
        what = ["ups.status"] if command == "upsc" else []
        done = subprocess.run(
            [command, *arguments, name, *what], env=self._environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def _start(self, name: str, *arguments: str) -> None:
        with (self._directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([NUT / name, *arguments], env=self._environment, stdout=log, stderr=log)
        self._running.append(process)

    def _log(self, name: str) -> str:
        return (self._directory / f"{name}.log").read_text(errors="replace")

    def _write(self, name: str, text: str) -> None:
        path = self._directory / name
        path.write_text(text)
        path.chmod(0o600)
