"""Recorded homes for bundles: days lived by the simulation, in an archive and on paper, with private names."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from bitgrid.clock import HeldClock
from bitgrid.config import Config, Site
from bitgrid.config.loading import load_plant
from bitgrid.kernel import Decision, canonical_json, forecast_hash, forecast_record
from bitgrid.plant.source import SimulatedHome
from bitgrid.replay.drive import from_source
from bitgrid.replay.simulation import Simulation
from bitgrid.store import EventRow, Ledger
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.writer import ArchiveWriter
from bitgrid.store.chain import GENESIS, event_payload, link
from replay.houses import CONFIG_DIRECTORY, MAY_MORNING_S, PaperLedger, shipped
from replay.test_replaying import row_of

CLOCK_S = MAY_MORNING_S + 90 * 86_400.0
PRIVATE = {
    "papas_miner", "boiler_keller", "zaehler_huber", "huber_haus", "Haus Huber", "garage_pv", "speicher_oma",
    "192.168.178.23", "miner.huber.lan", "relais.huber.lan", "pv.huber.lan", "anna@huber", "schluessel_papa",
    "leise", "volle_pulle", "huber_luxos", "48.137", "11.575", "anna_tracker", "anna_is_home",
}  # fmt: skip
"""Words of the private home, none of which may be in a bundle."""


@dataclass
class Home:
    """What was recorded of a home: its archive, and the ledger that goes with it, on paper."""

    directory: Path
    config: Config
    paper: PaperLedger = field(default_factory=PaperLedger)
    events: list[EventRow] = field(default_factory=list)

    @property
    def archive(self) -> ArchiveReader:
        return ArchiveReader(self.directory)

    def keep(self, decision: Decision) -> None:
        """Record a decision, and the forecast and configuration it was made by."""
        forecast = decision.state.forecast
        if forecast is not None:
            self.paper.forecasts[forecast_hash(forecast)] = canonical_json(forecast_record(forecast))
        self.paper.rows.append(replace(row_of(decision), seq=2 * len(self.paper.rows) + 1))

    def into_ledger(self, directory: Path) -> None:
        """The same as the house's ledger."""
        ledger, at_s = Ledger(directory), self.paper.rows[0].at_s
        for name, text in self.paper.configurations.items():
            ledger.archive_configuration(name, text, at_s)
        for name, text in self.paper.forecasts.items():
            ledger.archive_forecast(name, text, at_s)
        for row in self.paper.rows:
            ledger.append(row, "{}")
        ledger.close()

    def write(self) -> Home:
        """Archive everything, a day and kind a file."""
        self.paper.configurations.setdefault(self.config.config_hash, self.config.canonical_json)
        writer = ArchiveWriter(self.directory, HeldClock(wall_s=CLOCK_S))
        records = [json.loads(made.record) for made in self.paper.rows]
        rows: dict[str, list[dict[str, Any]]] = {
            "decisions": list(_decisions(self)),
            "events": list(_events(self)),
            "states": [row for record in records for row in _states(record)],
            "telemetry": [row for record in records for row in _telemetry(record)],
            "energy_to_value": [_value(record) for record in records],
            "explain_sessions": [_session(made.id, made.load, made.at_s) for made in self.paper.rows],
        }
        for kind, told in rows.items():
            for day in sorted({_day(row["at_s"]) for row in told}):
                of_day = [row for row in told if _day(row["at_s"]) == day]
                writer.write_day(kind, day, pa.Table.from_pylist(of_day, schema=schema(kind)))
        return self


def lived(directory: Path, config: Config, blocks: int, start_s: int = MAY_MORNING_S) -> Home:
    """A home that lived through so many blocks of simulated weather, not archived yet."""
    home = Home(directory, config)
    weather = SimulatedHome(config.site, load_plant(CONFIG_DIRECTORY))
    Simulation(config, from_source(weather, config, start_s, blocks), home.keep).run()
    switched = {"what": "autonomy", "from": 3, "to": 1, "actor": "anna@huber"}
    hot = {"load": config.site.loads[0].id, "cause": "heat", "text": "papas_miner is hot", "at_boot_s": 1.5}
    home.events = [
        EventRow(start_s + 60, "audit", canonical_json(switched)),
        EventRow(start_s + 90_000, "safety", canonical_json(hot)),
    ]
    return home


def private() -> Config:
    """A home with two loads, all of whose names say something of their owner."""
    told = shipped().site.model_dump(mode="json", by_alias=True)
    told |= {"site": "huber_haus", "name": "Haus Huber"}
    told["location"] |= {"latitude": 48.1371, "longitude": 11.5754}
    for device, name in zip(told["devices"], ("garage_pv", "speicher_oma", "zaehler_huber"), strict=False):
        device |= {"id": name, "host": "pv.huber.lan", "secret": "schluessel_papa"}
    (miner,) = told["loads"]
    miner["id"] = "papas_miner"
    miner["miner"] |= {"host": "miner.huber.lan", "secret": "schluessel_papa"}
    miner["relay"] |= {"host": "relais.huber.lan"}
    for level, name in zip(miner["levels"], ("leise", "volle_pulle"), strict=True):
        level |= {"name": name, "profile": "huber_luxos"}
    rod = {**miner, "id": "boiler_keller", "priority": 2, "miner": None, "joules_per_terahash": None}
    rod["relay"] = {**miner["relay"], "host": "192.168.178.23"}
    rod["levels"] = [{**miner["levels"][0], "power_w": 500, "min_surplus_w": 500}]
    return replace(shipped(), site=Site.model_validate({**told, "loads": [miner, rod]}))


def _decisions(home: Home) -> Iterator[dict[str, Any]]:
    before = GENESIS
    for row in home.paper.rows:
        decision = json.loads(row.record)["decision"]
        before = link(before, row.record)
        told = {name: decision[name] for name in ("action", "level", "rule", "code")}
        yield {**vars(row), **told, "hash": before}


def _events(home: Home) -> Iterator[dict[str, Any]]:
    before = GENESIS
    for number, row in enumerate(home.events):
        before = link(before, event_payload(row.at_s, row.kind, row.record))
        yield {**vars(row), "seq": 2 * number + 2, "hash": before}


def _states(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    state = record["state"]
    key = {name: state[name] for name in ("block", "clock_epoch", "at_s")}
    for name, signal in state["signals"].items():
        yield {
            **key,
            "signal": name,
            **signal,
            "value": None if signal["value"] is None else float(signal["value"]),
        }


def _telemetry(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at_s, load = float(record["state"]["at_s"]), record["decision"]["load"]
    told = {"at_s": at_s, "quality": "good", "value": 1.0}
    yield {**told, "device": "zaehler_huber", "signal": "grid_power_w"}
    yield {**told, "device": load, "signal": "power_w"}
    yield {**told, "device": "bitcoin", "signal": f"{load}.hodl_ct_kwh"}
    yield {**told, "device": "anna_tracker", "signal": "anna_is_home"}


def _value(record: dict[str, Any]) -> dict[str, Any]:
    decision = record["decision"]
    return {**{name: decision[name] for name in ("block", "at_s", "load")}, "energy_wh": 1.0, "path": "hodl"}


def _session(decision_id: str, load: str, at_s: int) -> dict[str, Any]:
    texts = canonical_json({"de": {"short": "papas_miner bleibt aus, sagt anna@huber"}})
    return {"at_s": float(at_s), "decision_id": decision_id, "load": load, "texts": texts}


def _day(at_s: float) -> dt.date:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date()
