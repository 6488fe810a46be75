"""What a research bundle of a month costs: time, memory, bytes; then verified and replayed.

A month of the shipped house in simulated weather, a decision a block, each on a forecast of its own as in the
running house, and the telemetry of 40 signals at 10 s. It is made in a process of its own, as by the command, and
the whole of that process is weighed.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow as pa

from bitgrid.clock import SystemClock
from bitgrid.config import Config, load_config
from bitgrid.config.loading import load_plant
from bitgrid.kernel import (
    Decision,
    Forecast,
    canonical_json,
    decision_record,
    forecast_hash,
    forecast_record,
    memory_record,
    state_record,
)
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import ArchivedForecasts, Drive, from_source
from bitgrid.replay.replaying import Replayer
from bitgrid.replay.simulation import Simulation
from bitgrid.research.layout import DEFAULT_KINDS, Scope
from bitgrid.research.making import Exporter
from bitgrid.research.reading import opened
from bitgrid.research.signing import own_key
from bitgrid.store import DecisionRow, Ledger
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.chain import GENESIS, link

CONFIG = Path(__file__).parents[1] / "config"
BEGINS_S = int(dt.datetime(2026, 5, 1, tzinfo=dt.UTC).timestamp())
DAYS, SIGNALS, EVERY_S = 30, 40, 10
BLOCK_S, DAY_S, HORIZON = 600, 86_400, 216
GOAL_S, GOAL_MB = 300, 300
MB = 1024 * 1024
Row = dict[str, Any]


def main() -> int:
    """Measure and print; exit code 1 where a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="bitgrid-bench-") as place:
        home = Path(place)
        rows = record(home)
        begun = perf_counter()
        child = get_context("spawn").Process(target=export, args=(home, DAYS))
        child.start()
        child.join()
        took_s = perf_counter() - begun
        peak_mb = int((home / "peak_kb").read_text()) / 1024
        bundle = home / "month.zip"
        say("days exported", f"{DAYS:10d}")
        say("the bundle", f"{bundle.stat().st_size / MB:10.1f} MB")
        say("made in", f"{took_s:10.1f} s (goal: under {GOAL_S} s)")
        say("resident memory at most", f"{peak_mb:10.1f} MB (goal: under {GOAL_MB} MB)")
        differing = read_again(bundle, rows)
    return int(took_s > GOAL_S or peak_mb > GOAL_MB or differing > 0)


def export(home: Path, days: int) -> None:
    """Make the bundle, and note down the most memory that was resident."""
    archive, ledger = ArchiveReader(home / "archive"), Ledger(home / "ledger", read_only=True)
    scope = Scope((*DEFAULT_KINDS, "telemetry"), BEGINS_S, BEGINS_S + days * DAY_S)
    exporter = Exporter(archive, ledger, own_key(home / "secrets"), SystemClock())
    exporter.export(scope, "ab" * 16, home / "month.zip")
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    (home / "peak_kb").write_text(peak.split()[1])


def read_again(path: Path, rows: int) -> int:
    """Verify and replay, as the machine does that gets it; how many decisions differ."""
    begun = perf_counter()
    with opened(path) as bundle:
        bundle.verify()
        say("verified in", f"{perf_counter() - begun:10.1f} s")
        begun, replayer = perf_counter(), Replayer(bundle)
        differing = sum(bool(replayer.check(row)) for row in bundle.records())
    say(
        f"{replayer.checked} of {rows} decisions replayed in",
        f"{perf_counter() - begun:10.1f} s, {differing} differ",
    )
    return differing


def record(home: Path) -> int:
    """Live through the month and archive it; how many decisions it held."""
    config, ledger = load_config(CONFIG), Ledger(home / "ledger")
    ledger.archive_configuration(config.config_hash, config.canonical_json, BEGINS_S)
    decisions: list[Decision] = []
    Simulation(config, drive(config), decisions.append).run()
    writer = ArchiveWriter(home / "archive", SystemClock())
    by_day: dict[dt.date, tuple[list[Row], list[Row]]] = {}
    before = GENESIS
    for number, decision in enumerate(decisions, 1):
        forecast = decision.state.forecast
        if forecast is not None:
            text = canonical_json(forecast_record(forecast))
            ledger.archive_forecast(forecast_hash(forecast), text, decision.state.at_s)
        row = replace(row_of(decision), seq=number)
        before = link(before, row.record)
        told, states = by_day.setdefault(day_of(row.at_s), ([], []))
        words = {"action": decision.action.value, "rule": decision.rule.value, "code": decision.code.value}
        told.append({**vars(row), **words, "level": decision.level, "hash": before})
        states.extend(states_of(decision))
    for day, (told, states) in by_day.items():
        writer.write_day("decisions", day, pa.Table.from_pylist(told, schema=schema("decisions")))
        writer.write_day("states", day, pa.Table.from_pylist(states, schema=schema("states")))
        writer.write_day("telemetry", day, telemetry(day))
    ledger.close()
    return len(decisions)


def drive(config: Config) -> Drive:
    """The month's weather and household, and in each block a forecast that no block had before."""
    blocks = DAYS * DAY_S // BLOCK_S
    lived = from_source(SimulatedHome(config.site, load_plant(CONFIG)), config, BEGINS_S, blocks)

    def recall(name: str) -> Forecast:
        ahead = lived.forecast_w[int(name) - lived.first_block :][:HORIZON]
        chance = random.Random(name)  # noqa: S311  chance in a simulation is no secret
        likely = tuple(round(watts * chance.uniform(0.6, 1.0)) for watts in ahead)
        low, high = (tuple(round(watts * share) for watts in likely) for share in (0.7, 1.2))
        return Forecast(int(name), likely, low, high, (400,) * len(likely))

    lived.archived = ArchivedForecasts(recall)
    for block in range(lived.first_block, lived.first_block + blocks):
        lived.archived.note(block, str(block))
    return lived


def row_of(decision: Decision) -> DecisionRow:
    """A decision as the ledger has it."""
    state = decision.state
    parts = {"decision": decision_record(decision), "state": state_record(state)}
    text = canonical_json({**parts, "memory": memory_record(decision.memory)})
    trigger = decision.trigger.value
    return DecisionRow(decision.load.id, state.clock_epoch, state.block, trigger, state.at_s, text)


def states_of(decision: Decision) -> list[Row]:
    """A row a signal."""
    told = state_record(decision.state)
    key = {name: told[name] for name in ("block", "clock_epoch", "at_s")}
    return [
        {**key, "signal": name, **signal, "value": None if signal["value"] is None else float(signal["value"])}
        for name, signal in told["signals"].items()
    ]


def telemetry(day: dt.date) -> pa.Table:
    """A day of signals that walk at random."""
    begins_s = dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()
    chance, count = random.Random(day.isoformat()), DAY_S // EVERY_S  # noqa: S311  as above
    columns: dict[str, list[Any]] = {"at_s": [], "device": [], "signal": [], "value": []}
    for number in range(SIGNALS):
        value = 1000.0
        for step in range(count):
            value += chance.randint(-20, 20)
            columns["at_s"].append(begins_s + step * EVERY_S)
            columns["value"].append(value)
        columns["device"] += [f"device{number}"] * count
        columns["signal"] += ["grid_power_w"] * count
    return pa.table({**columns, "quality": ["good"] * len(columns["at_s"])})


def day_of(at_s: int) -> dt.date:
    """The UTC day."""
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date()


def say(what: str, figure: str) -> None:
    """One line."""
    sys.stdout.write(f"{what:<42}{figure}\n")


if __name__ == "__main__":
    sys.exit(main())
