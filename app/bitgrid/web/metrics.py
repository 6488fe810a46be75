"""``/metrics`` for Prometheus: the house as it is now. A value that is not live is not there at all.

Names end with their unit, as Prometheus wants it; ``docs/api.md`` lists them. Needs the scope ``metrics``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bitgrid import __version__
from bitgrid.web.ahead import FORECASTS
from bitgrid.web.house import House

if TYPE_CHECKING:
    from bitgrid.web.app import Web

_UNITS = {
    "_ct_kwh": "_ct_per_kwh",
    "_j_per_th": "_joules_per_terahash",
    "_ths": "_terahashes_per_second",
    "_pct": "_percent",
    "_w": "_watts",
    "_c": "_celsius",
    "_s": "_seconds",
}
_STATUS = ("ok", "warn", "silent", "error")


def routes(web: Web) -> Blueprint:
    """Route ``/metrics``."""
    blueprint, registry = Blueprint("metrics", __name__), CollectorRegistry(auto_describe=False)
    registry.register(HouseCollector(web.view.snapshot))

    @blueprint.get("/metrics")
    def scrape() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    return blueprint


class HouseCollector(Collector):
    """Families of samples from a snapshot of the house.

    Args:
        snapshot: gives the house now.
    """

    def __init__(self, snapshot: Callable[[], House]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All there is to tell."""
        house = self._snapshot()
        yield _one("bitgrid_broker_connected", "Whether the message broker can be reached.", house.is_connected)
        yield _info("bitgrid", "The version of the pages.", version=__version__)
        yield from _energy(house)
        yield from _signals(house)
        yield from _loads(house)
        yield _decisions(house)
        yield _health(house)


def _one(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=float(value))


def _info(name: str, about: str, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{name}_info", about, labels=list(labels))
    family.add_metric(list(labels.values()), 1.0)
    return family


def _energy(house: House) -> Iterator[GaugeMetricFamily]:
    """What the rules told as a whole."""
    if house.energy is None or not house.is_live(house.energy):
        return
    message = house.energy.message
    yield _info("bitgrid_configuration", "The configuration in force, by its hash.", hash=message.config_hash)
    yield _one("bitgrid_degraded", "How many signals the rules lack; nothing starts then.", len(message.degraded))
    if message.surplus_w is not None:
        yield _one("bitgrid_surplus_watts", "What the house leaves over.", message.surplus_w)
    if message.autonomy is not None:
        yield _one("bitgrid_autonomy", "0 manual, 1 assisted, 2 semi, 3 full.", message.autonomy)


def _signals(house: House) -> Iterator[GaugeMetricFamily]:
    """Every signal that is live; those of a load bear its name as a label."""
    families: dict[str, GaugeMetricFamily] = {}
    for name in sorted({} if house.energy is None else house.energy.message.signals):
        cell = house.signal(name)
        if name in FORECASTS or not cell.is_live or cell.value is None:
            continue
        of, _, what = name.rpartition(".")
        known = f"bitgrid_{'load_' if of else ''}{_with_unit(what)}"
        labels = ["load"] if of else []
        family = families.setdefault(known, GaugeMetricFamily(known, f"The signal {what}.", labels=labels))
        family.add_metric([of] if of else [], float(cell.value))
    yield from families.values()


def _with_unit(name: str) -> str:
    """A signal's name with its unit as Prometheus has it."""
    ending = next((ending for ending in _UNITS if name.endswith(ending)), "")
    return name.removesuffix(ending) + _UNITS.get(ending, "")


def _loads(house: House) -> Iterator[GaugeMetricFamily]:
    """What the rules want of each load."""
    target = GaugeMetricFamily("bitgrid_load_target_watts", "What it is told to draw; 0: off.", labels=["load"])
    lease = GaugeMetricFamily("bitgrid_load_lease_seconds", "How long it may run on unrenewed.", labels=["load"])
    trip = GaugeMetricFamily("bitgrid_load_tripped", "Whether the guard has stopped it.", labels=["load"])
    for load, heard in sorted(house.loads.items()):
        if house.is_live(heard):
            target.add_metric([load], float(heard.message.power_w))
            lease.add_metric([load], heard.message.lease_left_s)
            trip.add_metric([load], float(heard.message.trip is not None))
    yield from (target, lease, trip)


def _decisions(house: House) -> GaugeMetricFamily:
    """When each load was decided on last, and how."""
    labels = ["load", "action", "level", "rule", "code"]
    family = GaugeMetricFamily("bitgrid_decision_timestamp_seconds", "The last decision: when.", labels=labels)
    for load in house.load_ids:
        decided = house.latest(load)
        if decided is not None:
            view = decided.view
            family.add_metric([load, view.action, view.level, view.rule, view.code], float(view.at_s))
    return family


def _health(house: House) -> GaugeMetricFamily:
    """Every process, in one of its states."""
    labels = ["component", "status"]
    family = GaugeMetricFamily("bitgrid_component_status", "1 for the status it has.", labels=labels)
    for component in house.parts:
        status, _reason = house.component(component)
        for each in _STATUS:
            family.add_metric([component, each], float(each == status))
    return family
