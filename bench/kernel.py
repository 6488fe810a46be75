"""`make bench`: what the kernel costs, in microseconds and as multiples of an empty loop measured in the same run.

A year of a simulated house, or of a recorded one (``python bench/kernel.py home.csv``), is simulated in closed
loop, every decision written as its record, hashed in a chain, and replayed. Figures, not a gate.
"""

from __future__ import annotations

import hashlib
import resource
import statistics
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

from bitgrid.config import Config, load_config
from bitgrid.config.loading import load_plant
from bitgrid.config.policies import Hodl
from bitgrid.kernel import (
    Decision,
    Forecast,
    canonical_json,
    decide,
    decision_record,
    forecast_hash,
    forecast_record,
    memory_record,
    outlook,
    state_record,
)
from bitgrid.plant.recorded import DAY_AHEAD, FORECAST, read_recording
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.archive import Rulebook
from bitgrid.replay.drive import Drive, from_recording, from_source
from bitgrid.replay.replaying import Replayer
from bitgrid.replay.simulation import Simulation
from bitgrid.store import DecisionRow

CONFIG = Path(__file__).resolve().parents[1] / "config"
YEAR_BLOCKS, WEEK_BLOCKS = 52_560, 1_008
BEGINS_S = 1_735_689_600  # 2025-01-01T00:00:00Z
ROUNDS, ROUND = 200, 100
DECIDE_GOAL_US, REPLAY_GOAL_S, SIMULATE_GOAL_S = 30, 20, 15
EVER = (0, 1 << 40)
MB = 1024 * 1024


@dataclass
class PaperLedger:
    """Records in a file, a line each, chained by their hashes; configurations and forecasts by hash."""

    path: Path
    configurations: dict[str, str]
    forecasts: dict[str, str]
    head: str = ""

    def records(self) -> Iterator[DecisionRow]:
        """Every record, its chain verified on the way."""
        head = ""
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                load, epoch, block, trigger, at_s, record = line.rstrip("\n").split("\t")
                head = hashlib.sha256((head + record).encode()).hexdigest()
                yield DecisionRow(load, int(epoch), int(block), trigger, int(at_s), record)
        if head != self.head:
            sys.exit("the chain does not end where it should")

    def configuration(self, config_hash: str) -> str | None:
        """By hash."""
        return self.configurations.get(config_hash)

    def forecast(self, name: str) -> str | None:
        """By hash."""
        return self.forecasts.get(name)


def main() -> int:
    """Measure and print."""
    config = with_hodl(load_config(CONFIG))
    make = recorded(config, Path(sys.argv[1])) if len(sys.argv) > 1 else simulated(config)
    begun = perf_counter()
    year = make(YEAR_BLOCKS)
    say(f"{len(year)} blocks made in {perf_counter() - begun:.1f} s")
    empty_us = median_us(lambda: None)
    say(f"{'empty loop':<34}{empty_us:10.3f} us")
    simulate(config, year)
    with tempfile.TemporaryDirectory(prefix="bitgrid-bench-") as place:
        paper, sample = write(config, year, Path(place) / "year")
        kernel_figures(sample, config, empty_us)
        replay(paper)
        week, _sample = write(config, make(WEEK_BLOCKS), Path(place) / "week")
        memory_figures(week, paper)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
    say(f"{'largest size of this process':<34}{peak_mb:10.1f} MB")
    return 0


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def with_hodl(config: Config) -> Config:
    """A mined kWh worth more than it earns when sold, so that every rule has something to weigh."""
    hodl = Hodl(sats_per_kwh=200, eur_per_btc=80_000)
    return replace(config, policies=config.policies.model_copy(update={"hodl": hodl}))


def simulated(config: Config) -> Callable[[int], Drive]:
    """The simulated house's own weather."""
    home = SimulatedHome(config.site, load_plant(CONFIG))
    return lambda blocks: from_source(home, config, BEGINS_S, blocks)


def recorded(config: Config, path: Path) -> Callable[[int], Drive]:
    """A recorded home."""
    recording = read_recording(path, config.site.location, (FORECAST, DAY_AHEAD))
    begins_s = recording.times_s[0]
    block_s = config.rules.block_s
    return lambda blocks: from_recording(recording, config, (begins_s, begins_s + blocks * block_s), None)


def median_us(work: Callable[[], object]) -> float:
    """The median over rounds of what one call takes, microseconds, the loop around it included."""
    taken = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        for _ in range(ROUND):
            work()
        taken.append((perf_counter() - begun) / ROUND)
    return statistics.median(taken) * 1e6


def simulate(config: Config, year: Drive) -> None:
    """Closed loop, without a word written."""
    begun, begun_cpu = perf_counter(), process_time()
    kpis = Simulation(config, year).run()
    taken_s, cpu_s = perf_counter() - begun, process_time() - begun_cpu
    mined_kwh = kpis.mined_ws / 3_600_000
    say(
        f"{'a year simulated':<34}{taken_s:10.1f} s   of which {cpu_s:.1f} s on the processor "
        f"(goal: under {SIMULATE_GOAL_S} s; {mined_kwh:.0f} kWh mined)"
    )


def whole(decision: Decision) -> str:
    """A record as the ledger holds it."""
    return canonical_json(
        {
            "decision": decision_record(decision),
            "state": state_record(decision.state),
            "memory": memory_record(decision.memory),
        }
    )


def write(config: Config, drive: Drive, path: Path) -> tuple[PaperLedger, Decision]:
    """Simulate and write every decision; the ledger, and a decision at noon that has everything."""
    paper = PaperLedger(path, {config.config_hash: config.canonical_json}, {})
    sample: list[Decision] = []
    with path.open("w", encoding="utf-8") as lines:

        def keep(decision: Decision) -> None:
            state, record = decision.state, whole(decision)
            if state.forecast is not None:
                name = forecast_hash(state.forecast)
                if name not in paper.forecasts:
                    paper.forecasts[name] = canonical_json(forecast_record(state.forecast))
            paper.head = hashlib.sha256((paper.head + record).encode()).hexdigest()
            told = (decision.load.id, state.clock_epoch, state.block, decision.trigger.value, state.at_s, record)
            lines.write("\t".join(map(str, told)) + "\n")
            if decision.level != "off" and state.outlook is not None:
                sample[:] = [decision]

        Simulation(config, drive, keep).run()
    if not sample:
        sys.exit("nothing ran in this period; there is nothing to measure with")
    return paper, sample[0]


def kernel_figures(sample: Decision, config: Config, empty_us: float) -> None:
    """Single calls, on a decision with a running load, a forecast and an outlook."""
    home = Rulebook.of(config).battery
    state, memory, rules, load = sample.state, sample.memory, sample.rules, sample.load
    block = state.block
    fresh = iter([replace(state) for _ in range(ROUNDS * ROUND)])
    whole_day = replace(state, forecast=Forecast(block, tuple([800, 0, 3000, 500] * 36)))
    spread = (0.8, 1.2)
    low, high = (tuple(round(w * f) for w in whole_day.coming("pv_w")) for f in spread)
    quantiles = replace(state, forecast=Forecast(block, whole_day.coming("pv_w"), low, high))
    figures: dict[str, tuple[Callable[[], object], str]] = {
        "decide() with its whole trace": (
            lambda: decide(next(fresh), memory, rules, load),
            f"(goal: under {DECIDE_GOAL_US} us)",
        ),
        "outlook(), 144 blocks, p50 alone": (lambda: outlook(whole_day, home), ""),
        "outlook(), 144 blocks, quantiles": (lambda: outlook(quantiles, home), ""),
        "record, canonical JSON and hash": (lambda: hashlib.sha256(whole(sample).encode()).digest(), ""),
    }
    for name, (work, goal) in figures.items():
        taken_us = median_us(work)
        say(f"{name:<34}{taken_us:10.1f} us  = {taken_us / empty_us:6.0f} empty loops {goal}")


def replay(paper: PaperLedger) -> None:
    """Open loop, every byte compared, every hash of the chain computed."""
    replayer, begun, begun_cpu = Replayer(paper), perf_counter(), process_time()
    differing = sum(bool(replayer.check(row)) for row in paper.records())
    taken_s, cpu_s = perf_counter() - begun, process_time() - begun_cpu
    say(
        f"{'a year replayed and verified':<34}{taken_s:10.1f} s   of which {cpu_s:.1f} s on the processor "
        f"(goal: under {REPLAY_GOAL_S} s; "
        f"{replayer.checked} decisions, {differing} differ)"
    )


def memory_figures(week: PaperLedger, year: PaperLedger) -> None:
    """What replay allocates at most, for a week and for a year."""
    for name, paper in (("a week", week), ("a year", year)):
        tracemalloc.start()
        replayer = Replayer(paper)
        for index, row in enumerate(paper.records()):
            if index % 10 == 0 or paper is week:
                replayer.check(row)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        say(f"{f'memory of replaying {name}':<34}{peak / MB:10.2f} MB  at most")


if __name__ == "__main__":
    sys.exit(main())
