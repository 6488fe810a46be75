"""`make bench`: what a year takes in the archive, and what archiving a day costs.

A home with 40 signals, each told every ten seconds, and one miner. Some days, one a season, go the whole way: into
the hot database and the ledger, into the archive by the recorder's own child, and out of the hot database again. A
year is reckoned from their mean, with as many days of telemetry whole as by default. Sun, household and decisions
are the simulated house's; the rest is made up with noise by seed. How much noise there is decides how large
telemetry is, so it stands in `SIGNALS`.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

from bitgrid.clock import HeldClock
from bitgrid.config import Config, load_config
from bitgrid.config.archive import ArchiveConfig
from bitgrid.config.loading import load_plant
from bitgrid.explain.language import LANGUAGES
from bitgrid.explain.record import read_record
from bitgrid.explain.sentences import Explainer
from bitgrid.kernel import Decision, decision_record
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import from_source
from bitgrid.replay.simulation import Simulation
from bitgrid.store import DecisionRow, Ledger, TelemetryStore
from bitgrid.store.archive import manifest
from bitgrid.store.archive.columns import KINDS
from bitgrid.store.archive.files import read_file
from bitgrid.store.archive.hot import DAY_S, start_of
from bitgrid.store.archive.thinning import block_means
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.sessions import Session, SessionStore
from bitgrid.store.telemetry import Measured
from kernel import say, whole, with_hodl

CONFIG = Path(__file__).resolve().parents[1] / "config"
DAYS = 4
EVERY_S, BLOCK_S = 10, 600
YEAR_DAYS, GOAL_MB = 365, 60
MB, KB = 1_000_000, 1_000
BATCH = 40 * 6

Moment = tuple[int, float, float, float]
"""Seconds of the day, PV power, household and the miner's power, W."""
Shape = Callable[[random.Random, Moment, float], float]
"""The next value from the moment and the value before."""


def near(of: Callable[[Moment], float], noise: float, digits: int) -> Shape:
    """What follows the house, with noise of so much each time, told to so many digits."""
    return lambda rng, moment, _before: round(of(moment) + rng.gauss(0, noise), digits)


def wandering(around: float, noise: float, digits: int) -> Shape:
    """What wanders about a value, by so much a step; what is told is rounded, the wandering lives from it."""
    return lambda rng, _moment, before: round(around + 0.98 * (before - around) + rng.gauss(0, noise), digits)


def counting(of: Callable[[Moment], float]) -> Shape:
    """A meter's count, Wh."""
    return lambda _rng, moment, before: before + round(of(moment) * EVERY_S / 3600)


def still(value: float) -> Shape:
    """What is the same all day."""
    return lambda _rng, _moment, _before: value


def grid(moment: Moment) -> float:
    """What the meter sees, W."""
    return moment[2] + moment[3] - moment[1]


def phase(moment: Moment) -> float:
    """A third of it."""
    return grid(moment) / 3


def miner_on(moment: Moment) -> float:
    """1 while the miner hashes."""
    return float(moment[3] > 0)


SIGNALS: dict[str, dict[str, Shape]] = {
    "meter": {
        "grid_power_w": near(grid, 5, 0),
        **{f"l{number}_power_w": near(phase, 5, 0) for number in (1, 2, 3)},
        **{f"l{number}_voltage_v": wandering(230, 0.2, 1) for number in (1, 2, 3)},
        **{f"l{number}_current_a": near(lambda moment: abs(phase(moment)) / 230, 0.03, 2) for number in (1, 2, 3)},
        "frequency_hz": wandering(50, 0.006, 2),
        "import_wh": counting(lambda moment: max(0.0, grid(moment))),
        "export_wh": counting(lambda moment: max(0.0, -grid(moment))),
    },
    "inverter": {
        "pv_power_w": near(lambda moment: moment[1], 0, 0),
        "dc1_voltage_v": wandering(400, 0.3, 1),
        "dc2_voltage_v": wandering(390, 0.3, 1),
        "dc1_current_a": near(lambda moment: moment[1] / 800, 0.01, 2),
        "dc2_current_a": near(lambda moment: moment[1] / 800, 0.01, 2),
        "temp_c": near(lambda moment: 25 + moment[1] / 200, 0.05, 1),
        "yield_wh": counting(lambda moment: moment[1]),
        "status": still(4),
    },
    "battery": {
        "battery_power_w": near(lambda moment: max(-3000, min(3000, -grid(moment))), 5, 0),
        "battery_soc_pct": near(lambda moment: 50 + 40 * math.sin(moment[0] / DAY_S * 2 * math.pi), 0, 1),
        "voltage_v": wandering(52, 0.02, 1),
        "current_a": near(lambda moment: grid(moment) / 52, 0.1, 1),
        "temp_c": wandering(24, 0.02, 1),
        "health_pct": still(98),
    },
    "miner": {
        "power_w": near(lambda moment: moment[3], 5, 0),
        "temp_c": near(lambda moment: 25 + 45 * miner_on(moment), 0.3, 1),
        "board_temp_c": near(lambda moment: 22 + 35 * miner_on(moment), 0.3, 1),
        "hashrate_ths": near(lambda moment: 37 * miner_on(moment), 0.5, 1),
        "fan_rpm": near(lambda moment: 2400 * miner_on(moment), 15, 0),
        "accepted_shares": counting(lambda moment: 40 * miner_on(moment)),
        "rejected_shares": still(3),
    },
    "room": {"room_temp_c": wandering(21, 0.02, 1), "humidity_pct": wandering(45, 0.1, 0)},
    "feeds": {
        "import_price_ct_kwh": near(lambda moment: 24 + moment[0] // 3600 % 8, 0, 2),
        "export_price_ct_kwh": still(8.0),
        "sats_per_kwh": still(200),
        "hodl_ct_kwh": still(16.0),
    },
}


def main() -> int:
    """Measure and print; exit code 1 where the goal is missed."""
    config = with_hodl(load_config(CONFIG))
    with tempfile.TemporaryDirectory(prefix="bitgrid-bench-") as place:
        data = Path(place) / "data"
        days = [dt.date(2025, 1, 15) + dt.timedelta(days=91 * number) for number in range(DAYS)]
        for day in days:
            live(config, data, day)
            keep(data, day)
        return told(data / "archive", len(days))


def explain(config: Config, decisions: list[Decision], data: Path) -> None:
    """Each decision in words, as `explain` keeps it."""
    explainer, sessions = Explainer(config.site), []
    for decision in decisions:
        view = read_record(decision_record(decision))
        if view is None:
            sys.exit("a record cannot be read")
        texts = {str(language): explainer.texts_of(view, language) for language in LANGUAGES}
        at_s = decision.state.at_s
        name = f"{decision.load.id}-0-{decision.state.block}-tick-{at_s}"
        sessions.append(Session(name, decision.load.id, at_s, texts))
    SessionStore(data / "bitgrid.sqlite").append(sessions, 0.0)


def live(config: Config, data: Path, day: dt.date) -> None:
    """A day: decided by the kernel, measured by every signal."""
    store = TelemetryStore(data / "bitgrid.sqlite")
    home = SimulatedHome(config.site, load_plant(CONFIG))
    decisions: list[Decision] = []
    drive = from_source(home, config, start_of(day), DAY_S // BLOCK_S + 1)
    Simulation(config, drive, decisions.append).run()
    with closing(Ledger(data / "ledger")) as ledger:
        for decision in decisions:
            state = decision.state
            told_as = (decision.load.id, state.clock_epoch, state.block, decision.trigger.value, state.at_s)
            ledger.append(DecisionRow(*told_as, whole(decision)), "{}")
    explain(config, decisions, data)
    powers_w = {decision.state.block: float(decision.power_w) for decision in decisions}
    batch: list[Measured] = []
    for row in measured(home, powers_w, day):
        batch.append(row)
        if len(batch) == BATCH:
            store.append(batch)
            batch.clear()
    store.append(batch)
    store.close()


def measured(home: SimulatedHome, powers_w: dict[int, float], day: dt.date) -> Iterator[Measured]:
    """Every signal every ten seconds; a device's signals are read at once, and never to the same tenth."""
    rng, start_s = random.Random(day.toordinal()), start_of(day)  # noqa: S311  a made-up day
    before: dict[tuple[str, str], float] = {}
    for second in range(0, DAY_S, EVERY_S):
        pv_w, house_w = home.at(start_s + second)
        moment = (second, float(pv_w), float(house_w), powers_w.get((start_s + second) // BLOCK_S, 0.0))
        for device, signals in SIGNALS.items():
            at_s = round(start_s + second + 5 + rng.gauss(0, 0.05), 1)
            for signal, shape in signals.items():
                value = shape(rng, moment, before.get((device, signal), shape(rng, moment, 0.0)))
                before[device, signal] = value
                yield Measured(at_s, device, signal, value, "good")


def keep(data: Path, day: dt.date) -> None:
    """The recorder's child archives the day; then its hot copy goes."""
    hot_mb = (data / "bitgrid.sqlite").stat().st_size / MB
    begun, begun_cpu_s = perf_counter(), children_cpu_s()
    clock = f"1.0:0.0:{start_of(day) + DAY_S + 1000}"
    command = [sys.executable, "-m", "bitgrid", "archive", "run", "--data", str(data), "--config", str(CONFIG)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "BITGRID_CLOCK": clock})  # noqa: S603  our own program
    taken_s, begun, cpu_s = perf_counter() - begun, perf_counter(), children_cpu_s() - begun_cpu_s
    store = TelemetryStore(data / "bitgrid.sqlite")
    entry = manifest.load(data / "archive").find("telemetry", day)
    if entry is None or not store.drop_day(day, entry.rows):
        sys.exit(f"{day} was not archived whole")
    store.close()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / MB
    say(
        f"{day}: {entry.rows} values, hot {hot_mb:.0f} MB; archived in {taken_s:.1f} s ({cpu_s:.1f} s on "
        f"the processor) by a process of at most {peak_mb:.0f} MB; hot copy gone in {perf_counter() - begun:.1f} s"
    )


def children_cpu_s() -> float:
    """What processes that ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told(archive: Path, days: int) -> int:
    """The year."""
    known, full_days = manifest.load(archive), ArchiveConfig().full_days
    means = {kind: sum(entry.bytes for entry in known.kept(kind)) / days for kind in KINDS}
    thinned = thinned_mean(archive)
    for kind, size in means.items():
        say(f"{kind:<34}{size / KB:10.1f} kB a day")
    say(f"{'telemetry, as means of ten minutes':<34}{thinned / KB:10.1f} kB a day")
    listed = (archive / manifest.NAME).stat().st_size / days
    others = sum(size for kind, size in means.items() if kind != "telemetry") + listed
    all_whole_mb = YEAR_DAYS * (means["telemetry"] + others) / MB
    year_mb = (YEAR_DAYS * others + full_days * means["telemetry"] + (YEAR_DAYS - full_days) * thinned) / MB
    say(f"{'a year with all telemetry whole':<34}{all_whole_mb:10.1f} MB  (full_days: 365)")
    say(f"{'a year as kept by default':<34}{year_mb:10.1f} MB  (full_days: {full_days}; goal: under {GOAL_MB} MB)")
    return int(year_mb >= GOAL_MB)


def thinned_mean(archive: Path) -> float:
    """What a day takes once it is thinned, mean of all; bytes."""
    kept = manifest.load(archive).kept("telemetry")
    with tempfile.TemporaryDirectory(prefix="bitgrid-bench-") as place:
        writer = ArchiveWriter(Path(place), HeldClock())
        sizes = [
            writer.thin_day(
                "telemetry", entry.day, block_means(read_file(archive / entry.path, "telemetry")), ""
            ).bytes
            for entry in kept
        ]
    return sum(sizes) / len(sizes)


if __name__ == "__main__":
    sys.exit(main())
