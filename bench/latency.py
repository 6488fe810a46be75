"""`make bench`: from a block's tick to the command on the bus, and what of it the disk takes.

The real engine with the real ledger, in a directory of its own on disk, and a bus inside the process. Every block
is decided the other way, so that every tick sends a command: a start, which waits for its record to be durable,
and a stop, which does not. Twice: as it runs, and with SQLite told not to wait for the disk. Figures, not a gate.

    python bench/latency.py [DIRECTORY]     where the ledger is kept; by default where temporary files are
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from bitgrid.bus import Health, HealthStatus, LoadCommand, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.control.engine import Engine
from bitgrid.guard.link import GuardedLoad, GuardReport, Release, Renew, Request
from bitgrid.store import Ledger
from kernel import median_us, say

CONFIG = Path(__file__).resolve().parents[1] / "config"
BEGINS_S = 1_750_000_200.0  # the start of a block
BLOCKS = 2_000
GOAL_P99_MS = 50
LOAD = "miner"


@dataclass
class QuietGuard:
    """A guard that holds whatever lease it is sent."""

    leases: dict[str, str | None] = field(default_factory=dict)

    def send(self, request: Request) -> None:
        """Take it in."""
        if isinstance(request, Renew | Release):
            self.leases[request.load] = request.lease_id if isinstance(request, Renew) else None

    def report(self, boot_s: float) -> GuardReport:
        """That all is well."""
        lease_id = self.leases.get(LOAD)
        guarded = GuardedLoad(
            relay="open",
            level="off",
            lease_id=lease_id,
            lease_left_s=30.0 if lease_id else 0.0,
            power_w=0.0,
            temp_c=None,
            answer_age_s=None,
            confirmed_off=True,
            trip=None,
        )
        return GuardReport(instance="guard", sent_boot_s=boot_s, loads={LOAD: guarded})


class House:
    """An engine that starts and stops its load in turns, and when each command came, ms after its tick began."""

    def __init__(self, config: Config, ledger: Ledger) -> None:
        self.clock, self.bus, self.guard = HeldClock(wall_s=BEGINS_S), MemoryBus(), QuietGuard()
        self.topics, self._block_s = Topics(config.site.site), config.rules.block_s
        self.engine = Engine(config, ledger, self.bus, self.clock, self.guard)
        self.took_ms: dict[str, list[float]] = {"start": [], "stop": []}
        self._began = 0.0
        self._sent: list[tuple[str, float]] = []
        self.bus.subscribe(self.topics.command(LOAD), self._on_command)
        self.speak(is_sunny=False)
        self.engine.step()

    def live(self, blocks: int) -> None:
        """Through blocks of sun and shade in turns."""
        for block in range(blocks):
            is_sunny = block % 2 == 0
            for seconds in (
                self._block_s - 1,
                1,
            ):  # after so long a silence the window begins with the last second
                self.clock.advance(seconds)
                self.speak(is_sunny=is_sunny)
            self._sent, self._began = [], perf_counter()
            self.engine.step()
            self._note("start" if is_sunny else "stop")

    def _note(self, awaited: str) -> None:
        if [action for action, _ms in self._sent] != [awaited]:
            sys.exit(f"a {awaited} was awaited, {self._sent or 'nothing'} came; the figures would mean nothing")
        self.took_ms[awaited].append(self._sent[0][1])

    def speak(self, *, is_sunny: bool) -> None:
        """Everyone says what there is to say."""
        measured = {
            ("inverter", "pv_power_w"): 4500.0 if is_sunny else 0.0,
            ("meter", "grid_power_w"): -3000.0 if is_sunny else 300.0,
            ("battery", "battery_power_w"): 0.0,
            ("battery", "battery_soc_pct"): 80.0,
            (LOAD, "temp_c"): 50.0,
            (LOAD, "power_w"): 0.0,
        }
        for (device, name), value in measured.items():
            told = Telemetry(value=value, source=device).encode()
            self.engine.on_telemetry(Received(self.topics.telemetry(device, name), told, retained=False))
        lease = {LOAD: {"lease_id": self.guard.leases.get(LOAD)}}
        health = Health(status=HealthStatus.OK, reason="", instance="loads", details=lease)
        self.engine.on_loads_health(Received(self.topics.health("loads"), health.encode(), retained=False))
        self.engine.on_guard_report(self.guard.report(self.clock.boot()))

    def _on_command(self, received: Received) -> None:
        took_ms = (perf_counter() - self._began) * 1000
        command = decode(LoadCommand, received.payload)
        if command is not None:
            self._sent.append(("stop" if command.level == "off" else "start", took_ms))


def main() -> int:
    """Measure and print."""
    logging.disable(logging.WARNING)
    parent = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir()).resolve()
    empty_us = median_us(lambda: None)
    say(f"{BLOCKS} blocks each, the ledger in {parent} ({file_system(parent)})")
    say(f"{'empty loop':<43}{empty_us:10.3f} us")
    config = switching_freely(load_config(CONFIG))
    for name, synchronous in (("as it runs", "full"), ("without the fsync", "off")):
        with tempfile.TemporaryDirectory(prefix="bitgrid-bench-", dir=parent) as place:
            house, a_record = lived(config, Path(place), synchronous)
            for action, took_ms in house.took_ms.items():
                goal = f"(goal: p99 under {GOAL_P99_MS} ms)" if synchronous == "full" else ""
                tell(f"tick to {action} published, {name}", took_ms, empty_us, goal)
            if synchronous == "full":
                tell(f"the fsync alone, of {a_record} bytes", fsyncs(Path(place), a_record), empty_us)
    return 0


def switching_freely(config: Config) -> Config:
    """The house's own rules without the holds, so that every block may switch."""
    free = {"min_runtime_blocks": 0, "min_pause_blocks": 0, "deadband_blocks": 0, "max_starts_per_day": 1_000}
    r5 = config.rules.r5.model_copy(update=free)
    return Config(config.site, config.rules.model_copy(update={"r5": r5}), config.flags, config.policies)


def lived(config: Config, place: Path, synchronous: str) -> tuple[House, int]:
    """A house that lived through all blocks, and how many bytes one of its decisions adds to the ledger."""
    with closing(Ledger(place / "ledger")) as ledger:
        house = House(config, ledger)
        house.live(2)  # the month's file is made with its first record
        connection = ledger._connection  # noqa: SLF001  nobody else may turn the waiting off
        if connection is None:
            sys.exit("the ledger has no file; was anything decided?")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        before = written(place)
        house.live(2)
        a_record = (written(place) - before) // 2
        house.took_ms = {"start": [], "stop": []}
        house.live(BLOCKS)
    return house, a_record


def written(place: Path) -> int:
    """Bytes in the write-ahead log."""
    return sum(path.stat().st_size for path in place.rglob("*.sqlite-wal"))


def fsyncs(place: Path, size: int) -> list[float]:
    """What it takes to bring as much as a decision onto the disk, ms, and nothing else."""
    took_ms, content = [], b"x" * size
    with (place / "file").open("wb", buffering=0) as file:
        for _ in range(BLOCKS // 2):
            file.write(content)
            begun = perf_counter()
            os.fsync(file.fileno())
            took_ms.append((perf_counter() - begun) * 1000)
    return took_ms


def tell(name: str, took_ms: list[float], empty_us: float, goal: str = "") -> None:
    """A line: median, 99th percentile and the largest, and the median in empty loops."""
    ordered = sorted(took_ms)
    p50, p99, most = (ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 99, 100))
    loops = p50 * 1000 / empty_us
    say(f"{name:<43}p50 {p50:7.2f}  p99 {p99:7.2f}  max {most:7.2f} ms  = {loops:7.0f} empty loops {goal}")


def file_system(path: Path) -> str:
    """The kind of file system a path is on; in memory an fsync costs nothing."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _device, place, kind, *_rest = line.split()
        if path.is_relative_to(place) and len(place) >= len(best[0]):
            best = place, kind
    return best[1]


if __name__ == "__main__":
    sys.exit(main())
