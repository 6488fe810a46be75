"""Databases of other programs, made from the schemas that they document; none was copied from a real house.

Home Assistant: home-assistant/core, components/recorder/db_schema.py and migration.py. evcc: evcc-io/evcc,
core/metrics/db.go and core/db/session.go.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

JUNE_S = int(dt.datetime(2024, 6, 1, tzinfo=dt.UTC).timestamp())
HOUR_S, DAY_S = 3600, 86_400
KWH = {"unit_of_measurement": "kWh", "device_class": "energy", "state_class": "total_increasing"}
WATT = {"unit_of_measurement": "W", "device_class": "power", "state_class": "measurement"}
CHARGE = {"unit_of_measurement": "%", "device_class": "battery", "state_class": "measurement"}

Attributes = Mapping[str, str]
Rows = Iterable[tuple[float, object]]


def utc_text(at_s: float) -> str:
    """As SQLAlchemy writes a DateTime into SQLite."""
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


class HomeAssistant:
    """A recorder database of schema 43 (2024), or of an older one.

    Args:
        path: where it is made.
        schema: 43, 30 (times are texts, entity_id in states) or 23 (attributes in states too).
    """

    def __init__(self, path: Path, schema: int = 43) -> None:
        self.path, self.schema = path, schema
        self.db = sqlite3.connect(path)
        self._keys: dict[str, int] = {}
        ts = schema >= 31
        moment = "last_updated_ts FLOAT, last_updated CHAR(0)" if ts else "last_updated DATETIME"
        attributes = "attributes TEXT" if schema < 25 else "attributes CHAR(0), attributes_id INTEGER"
        entity = "entity_id CHAR(0), metadata_id INTEGER" if schema >= 38 else "entity_id VARCHAR(255)"
        start = "start_ts FLOAT, start CHAR(0)" if ts else "start DATETIME"
        self.db.executescript(
            f"""
            CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed);
            CREATE TABLE states (state_id INTEGER PRIMARY KEY, {entity}, state TEXT, {attributes}, {moment});
            CREATE TABLE recorder_runs (run_id INTEGER PRIMARY KEY, start DATETIME, "end" DATETIME,
                closed_incorrect BOOLEAN, created DATETIME);
            CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32),
                unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255));
            CREATE TABLE statistics (id INTEGER PRIMARY KEY, metadata_id INTEGER, {start}, mean FLOAT, min FLOAT,
                max FLOAT, state FLOAT, sum FLOAT);
            CREATE TABLE statistics_short_term (id INTEGER PRIMARY KEY, metadata_id INTEGER, {start}, mean FLOAT,
                min FLOAT, max FLOAT, state FLOAT, sum FLOAT);
            """
        )
        if schema >= 25:
            self.db.execute("CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, shared_attrs TEXT)")
        if schema >= 38:
            self.db.execute("CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id VARCHAR(255))")
        self.db.execute("INSERT INTO schema_changes VALUES (1, ?, '2024-01-01')", (schema,))

    def states(self, entity: str, attributes: Attributes, rows: Rows) -> None:
        """Recorded states."""
        text = json.dumps(dict(attributes))
        columns: dict[str, object] = {"entity_id": entity}
        if self.schema >= 38:
            columns = {"metadata_id": self._meta(entity)}
        if self.schema >= 25:
            added = self.db.execute("INSERT INTO state_attributes (shared_attrs) VALUES (?)", (text,))
            columns["attributes_id"] = added.lastrowid
        else:
            columns["attributes"] = text
        moment = "last_updated_ts" if self.schema >= 31 else "last_updated"
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self.db.executemany(
            f"INSERT INTO states ({names}, {moment}, state) VALUES ({marks}, ?, ?)",  # noqa: S608
            (
                (*columns.values(), self._moment(at_s), None if state is None else str(state))
                for at_s, state in rows
            ),
        )

    def _meta(self, entity: str) -> int:
        if entity not in self._keys:
            added = self.db.execute("INSERT INTO states_meta (entity_id) VALUES (?)", (entity,))
            self._keys[entity] = added.lastrowid or 0
        return self._keys[entity]

    def _moment(self, at_s: float) -> object:
        return at_s if self.schema >= 31 else utc_text(at_s)

    def statistics(
        self,
        entity: str,
        unit: str,
        rows: Iterable[tuple[float, float | None, float | None]],
        table: str = "statistics",
    ) -> None:
        """Start, mean and sum of each interval."""
        found = self.db.execute("SELECT id FROM statistics_meta WHERE statistic_id = ?", (entity,)).fetchone()
        if found is None:
            added = self.db.execute(
                "INSERT INTO statistics_meta (statistic_id, unit_of_measurement, source) VALUES (?, ?, 'x')",
                (entity, unit),
            )
            found = (added.lastrowid,)
        start = "start_ts" if self.schema >= 31 else "start"
        self.db.executemany(
            f"INSERT INTO {table} (metadata_id, {start}, mean, sum) VALUES (?, ?, ?, ?)",  # noqa: S608
            ((found[0], self._moment(at_s), mean, total) for at_s, mean, total in rows),
        )

    def run(self, from_s: float, to_s: float | None, *, crashed: bool = False) -> None:
        """A time in which the recorder ran."""
        end = None if to_s is None else utc_text(to_s)
        self.db.execute(
            'INSERT INTO recorder_runs (start, "end", closed_incorrect) VALUES (?, ?, ?)',
            (utc_text(from_s), end, crashed),
        )

    def close(self) -> Path:
        """Close it; where it is."""
        self.db.commit()
        self.db.close()
        return self.path


EVCC_COLUMNS = {
    "val": '"val" REAL',
    "pos": '"pos" REAL, "neg" REAL',
    "import": '"import" REAL, "export" REAL',
    "energy": '"energy" REAL, "return_energy" REAL, "soc_temp" REAL',
}
Slots = Iterable[tuple[float, float, float, float | None]]


class Evcc:
    """A database of evcc, as its versions of the energy columns wrote it."""

    def __init__(self, path: Path, energy: str = "energy", *, has_meters: bool = True) -> None:
        self.path, self.energy = path, energy
        self.db = sqlite3.connect(path)
        self.db.execute(
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY, created DATETIME, finished DATETIME, loadpoint TEXT, "
            "charged_kwh REAL)"
        )
        if has_meters:
            ts = "INTEGER" if energy == "energy" else "DATETIME"
            self.db.execute(f"CREATE TABLE meters (meter INTEGER, ts {ts}, {EVCC_COLUMNS[energy]})")
        if has_meters and energy != "val":
            extra = ", title TEXT, is_temp NUMERIC" if energy == "energy" else ""
            self.db.execute(f'CREATE TABLE entities (id INTEGER PRIMARY KEY, "group" TEXT, name TEXT{extra})')

    def meter(self, group: str, name: str, slots: Slots) -> None:
        """A meter and its quarter hours: start, energy and energy back in kWh, state of charge."""
        number = 1
        if self.energy != "val":
            number = (
                self.db.execute('INSERT INTO entities ("group", name) VALUES (?, ?)', (group, name)).lastrowid or 0
            )
        for at_s, to_kwh, fro_kwh, soc in slots:
            values = {"val": (to_kwh,), "energy": (to_kwh, fro_kwh, soc)}.get(self.energy, (to_kwh, fro_kwh))
            ts: object = int(at_s)
            if self.energy != "energy":
                berlin = dt.timezone(dt.timedelta(hours=2))
                ts = dt.datetime.fromtimestamp(at_s, berlin).isoformat(sep=" ")
            marks = ", ".join("?" * (2 + len(values)))
            self.db.execute(f"INSERT INTO meters VALUES ({marks})", (number, ts, *values))  # noqa: S608

    def prices(self, rows: Iterable[tuple[float, float | None, float | None]]) -> None:
        """Start of the quarter hour, price of a kWh bought and sold, EUR."""
        self.db.execute("CREATE TABLE tariffs (ts INTEGER, grid REAL, feedin REAL, co2 REAL, temperature REAL)")
        self.db.executemany("INSERT INTO tariffs (ts, grid, feedin) VALUES (?, ?, ?)", rows)

    def close(self) -> Path:
        """Close it; where it is."""
        self.db.commit()
        self.db.close()
        return self.path
