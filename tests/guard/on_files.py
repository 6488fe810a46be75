"""Runs the guard's own `main()` with a miner and a relay whose state is files, which a test can see and touch.

Started as a program: ``python on_files.py <directory>``. Everything else of the process is the real thing.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from bitgrid.clock import Clock
from bitgrid.config import LevelConfig, LoadConfig
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.ports import MinerReading, RelayReading, RelaySettings


@dataclass
class FileRelay:
    """Closed while the file ``closed`` is there."""

    directory: Path

    def read(self) -> RelayReading:
        return RelayReading((self.directory / "closed").exists(), None)

    def read_settings(self) -> RelaySettings:
        return RelaySettings(120, starts_open=True)

    def close_for(self, seconds: int) -> None:
        new = self.directory / "closed.new"
        new.write_text(str(seconds))
        new.replace(self.directory / "closed")

    def open(self) -> None:
        (self.directory / "closed").unlink(missing_ok=True)


@dataclass
class FileMiner:
    """Hashes while fed and the file ``awake`` is there; then it is as hot as the file ``temp_c`` says."""

    directory: Path

    def read(self) -> MinerReading:
        self._exchange()
        power_w = 1600.0 if (self.directory / "awake").exists() else 12.0
        return MinerReading(power_w, float((self.directory / "temp_c").read_text()), None, None)

    def set_level(self, level: LevelConfig) -> None:
        raise AssertionError(f"the guard never starts a miner, not even at {level.name}")

    def stop(self) -> None:
        self._exchange()
        (self.directory / "awake").unlink(missing_ok=True)

    def _exchange(self) -> None:
        if not (self.directory / "closed").exists():
            raise DeviceSilent("miner: no power")


def main(directory: Path) -> None:
    """Put the files in the drivers' place and run."""
    registry = ModuleType("bitgrid.devices.registry")

    def build_miner(_load: LoadConfig, _clock: Clock) -> FileMiner:
        return FileMiner(directory)

    def build_relay(_load: LoadConfig, _clock: Clock) -> FileRelay:
        return FileRelay(directory)

    registry.build_miner, registry.build_relay = build_miner, build_relay  # type: ignore[attr-defined]
    sys.modules["bitgrid.devices.registry"] = registry

    from bitgrid.services.guard import main as guard_main  # noqa: PLC0415  after the drivers are in place

    guard_main()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
