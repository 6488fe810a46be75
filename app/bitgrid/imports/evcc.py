"""evcc's database (``evcc.db``): the energy of every quarter hour, by meter.

After evcc-io/evcc, core/metrics: db.go (tables ``entities``, ``meters``: ``ts`` the slot's start, kWh; first
``val``, then ``pos``/``neg``, ``import``/``export``, now ``energy``/``return_energy``), db_flow.go (a battery's
``energy`` is what it took, its ``return_energy`` what it gave; ``home`` is the house without its charging points),
tariffs.go (prices per kWh) and core/db/session.go. The home is kept since July 2025, the last of the others since
May 2026; the charging sessions of before tell nothing of the house.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from bitgrid.imports.errors import BadSource
from bitgrid.imports.quantities import MOST_POWER_W, Signal, limits
from bitgrid.imports.spans import Reading, Span, Tally, held, interval_means, plausible, rising
from bitgrid.imports.sqlite_file import columns, tables
from bitgrid.imports.streams import Source, Stream

SLOT_S = 900
_WH_PER_KWH = 1000.0
_SIGNALS: dict[str, Signal] = {
    "pv": "pv_power_w",
    "grid": "grid_power_w",
    "battery": "battery_power_w",
    "home": "house_load_w",
    "loadpoint": "house_load_w",
}
_ENERGY = (("energy", "return_energy"), ("import", "export"), ("pos", "neg"), ("val", None))
_PRICES: dict[str, Signal] = {"grid": "import_price_ct_kwh", "feedin": "export_price_ct_kwh"}


class _Meter(NamedTuple):
    """A row of ``entities``, and the quarter hours it has: start, energy and energy back, kWh, state of charge."""

    group: str
    name: str
    slots: list[tuple[float, float, float, float | None]]


def read_evcc(connection: sqlite3.Connection) -> Source:
    """All figures of a house in evcc's database.

    Raises:
        BadSource: it is another program's, or too old to have any.
    """
    known = tables(connection)
    if "meters" not in known:
        raise BadSource(_without_meters(connection, known))
    meters = list(_meters(connection, known))
    notes, streams = list(_passed_over(connection, known, meters)), []
    home_s = min((meter.slots[0][0] for meter in meters if meter.group == "home" and meter.slots), default=None)
    streams += [_stream(meter, home_s, notes) for meter in meters if meter.slots and meter.group in _SIGNALS]
    streams += _charge([meter for meter in meters if meter.group == "battery"], notes)
    streams += _prices(connection, known)
    times = [slot[0] for meter in meters for slot in (meter.slots[:1] + meter.slots[-1:])]
    if not times:
        raise BadSource("this database of evcc has no quarter hour of any meter; there is nothing to import")
    return Source("evcc", streams, notes, (min(times), max(times) + SLOT_S))


def _without_meters(connection: sqlite3.Connection, known: set[str]) -> str:
    if "sessions" not in known:
        hint = " This is Home Assistant's: bitgrid import home-assistant." if "states_meta" in known else ""
        return f"this is no database of evcc; it has the tables: {', '.join(sorted(known)) or 'none'}.{hint}"
    count = connection.execute("SELECT count(*) FROM sessions").fetchone()[0]
    return (
        f"this database of evcc holds {count} charging sessions and no meters: only versions since 2025 keep the "
        f"energy of every quarter hour. Sessions alone tell nothing of sun and household; import another source"
    )


def _meters(connection: sqlite3.Connection, known: set[str]) -> Iterator[_Meter]:
    """Every meter with its slots by time."""
    has = columns(connection, "meters")
    energy, back = next(((to, fro) for to, fro in _ENERGY if to in has), (None, None))
    if energy is None:
        raise BadSource("the table meters of this database has no energy as any known version of evcc wrote it")
    returned = f'"{back}"' if back in has else "0"
    charge = "soc_temp" if "soc_temp" in has else "NULL"
    for number, group, name in _entities(connection, known):
        query = f'SELECT ts, "{energy}", {returned}, {charge} FROM meters WHERE meter = ?'  # noqa: S608  names of our own
        rows = connection.execute(query, (number,))
        slots = [
            (at_s, float(to_kwh), float(fro_kwh or 0.0), soc)
            for ts, to_kwh, fro_kwh, soc in rows
            if (at_s := _moment(ts)) is not None and isinstance(to_kwh, int | float)
        ]
        yield _Meter(group, name, sorted(slots, key=lambda slot: slot[0]))


def _entities(connection: sqlite3.Connection, known: set[str]) -> list[tuple[int, str, str]]:
    """Number, group and name of each meter. The first version had one, the home, and no table for it."""
    if "entities" not in known:
        return [(1, "home", "home")]
    has = columns(connection, "entities")
    if "group" not in has:
        return [
            (number, "home" if number == 1 else "", name or "")
            for number, name in connection.execute("SELECT id, name FROM entities")
        ]
    title = "COALESCE(NULLIF(title, ''), name)" if "title" in has else "name"
    rows = connection.execute(f'SELECT id, "group", {title} FROM entities ORDER BY id').fetchall()  # noqa: S608  names of our own
    return [(number, group or ("home" if number == 1 else ""), name or group) for number, group, name in rows]


def _moment(ts: object) -> float | None:
    """A slot's start: seconds in newer versions, a text with its offset in older ones."""
    if isinstance(ts, int | float):
        return float(ts)
    try:
        moment = dt.datetime.fromisoformat(str(ts))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _stream(meter: _Meter, home_s: float | None, notes: list[str]) -> Stream:
    """A meter's power. A charging point counts as 0 before it was first kept."""
    signal, tally = _SIGNALS[meter.group], Tally()
    net = (Reading(at_s, (to_kwh - fro_kwh) * _WH_PER_KWH) for at_s, to_kwh, fro_kwh, _ in meter.slots)
    spans = plausible(
        interval_means(rising(net, tally), SLOT_S), *limits(signal, MOST_POWER_W, invert_sign=False), tally
    )
    first_s = meter.slots[0][0]
    if meter.group == "loadpoint" and home_s is not None and home_s < first_s:
        notes.append(
            f"charging point {meter.name} is kept from {_day(first_s)} only; the household before that, from "
            f"{_day(home_s)}, is without it"
        )
        return Stream(signal, f"loadpoint {meter.name}", _before([Span(home_s, first_s, 0.0)], spans), tally)
    return Stream(signal, f"{meter.group} {meter.name}".strip(), spans, tally)


def _before(first: list[Span], spans: Iterator[Span]) -> Iterator[Span]:
    yield from first
    yield from spans


def _charge(batteries: list[_Meter], notes: list[str]) -> Iterator[Stream]:
    """The state of charge, where there is one battery: for several, their capacities are not kept."""
    told = [meter for meter in batteries if any(slot[3] is not None for slot in meter.slots)]
    if len(told) > 1:
        notes.append(
            f"the state of charge of {len(told)} batteries was not imported: their capacities are not kept"
        )
        return
    for meter in told:
        tally = Tally()
        readings = rising((Reading(slot[0], slot[3]) for slot in meter.slots), tally)
        spans = plausible(held(readings, 2 * SLOT_S, SLOT_S), 0, 100, tally)
        yield Stream("battery_soc_pct", f"battery {meter.name}", spans, tally)


def _prices(connection: sqlite3.Connection, known: set[str]) -> Iterator[Stream]:
    """What a kWh cost, and what was paid for it; currency of the installation per kWh, taken for EUR."""
    if "tariffs" not in known:
        return
    for column, signal in _PRICES.items():
        if column not in columns(connection, "tariffs"):
            continue
        rows = connection.execute(f"SELECT ts, {column} FROM tariffs ORDER BY ts").fetchall()  # noqa: S608  names of our own
        readings = [
            Reading(at_s, None if price is None else 100.0 * price) for ts, price in rows if (at_s := _moment(ts))
        ]
        if any(reading.value is not None for reading in readings):
            tally = Tally()
            spans = held(rising(readings, tally), SLOT_S, SLOT_S)
            possible = limits(signal, MOST_POWER_W, invert_sign=False)
            yield Stream(signal, f"tariffs {column}", plausible(spans, *possible, tally), tally)


def _passed_over(connection: sqlite3.Connection, known: set[str], meters: list[_Meter]) -> Iterator[str]:
    """What the database has and is not imported."""
    yield "means of 15 min: shorter clouds and peaks are smoothed"
    others = [
        f"{meter.group} {meter.name}".strip() for meter in meters if meter.slots and meter.group not in _SIGNALS
    ]
    if others:
        yield f"not imported, a part of the household or none of its energy: {', '.join(others)}"
    if "sessions" in known:
        count = connection.execute("SELECT count(*) FROM sessions").fetchone()[0]
        yield f"{count} charging sessions were not imported: their energy is in the meters"


def _day(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%d")
