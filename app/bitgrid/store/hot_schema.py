"""The tables of ``bitgrid.sqlite``, and the steps to them.

A value is a row of two or three small numbers, for 40 signals every ten seconds make 345,600 a day:

    sample.key      (tenths of a second since 2020) << 10 | series.id: in the order of time, a batch is at the end
    sample.value    an integer: thousandths, where that is exact; a float as it is, else; or nothing
    sample.quality  an index into `QUALITIES`

The view ``telemetry`` shows it as people and the release before know it (at_s, device, signal, value, quality),
and can be inserted into and deleted from as the table of that name could, so that release goes on with this file.
"""

from __future__ import annotations

from bitgrid.store.versions import Step

QUALITIES = ("good", "stale", "invalid", "missing")
SERIES_BITS = 10
BEGINS_S = 1_577_836_800
TICKS_A_SECOND = 10
MOST_SERIES = (1 << SERIES_BITS) - 1

_QUALITY = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(QUALITIES))
_NUMBER = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(QUALITIES))
_KEY = (
    f"(CAST(ROUND(({{row}}.at_s - {BEGINS_S}) * {TICKS_A_SECOND}) AS INTEGER) << {SERIES_BITS})"  # noqa: S608  own names
    " | (SELECT id FROM series WHERE device = {row}.device AND signal = {row}.signal)"
)

_SAMPLES: Step = (
    # What the release before wrote, or nothing, under another name.
    """CREATE TABLE IF NOT EXISTS telemetry (
        at_s REAL NOT NULL, device VARCHAR(255) NOT NULL, signal VARCHAR(255) NOT NULL, value REAL,
        quality VARCHAR(255) NOT NULL, PRIMARY KEY (device, signal, at_s)) WITHOUT ROWID""",
    "ALTER TABLE telemetry RENAME TO telemetry_before",
    f"""CREATE TABLE series (
        id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND {MOST_SERIES}), device TEXT NOT NULL, signal TEXT NOT NULL,
        UNIQUE (device, signal))""",
    "CREATE TABLE sample (key INTEGER PRIMARY KEY, value, quality INTEGER NOT NULL)",
    """INSERT INTO series (device, signal)
        SELECT DISTINCT device, signal FROM telemetry_before ORDER BY device, signal""",
    f"""INSERT OR IGNORE INTO sample
        SELECT {_KEY.format(row="old")}, value, CASE quality {_NUMBER} ELSE 2 END
        FROM telemetry_before AS old WHERE at_s BETWEEN 0 AND 4e9 ORDER BY at_s""",  # noqa: S608  own names
    "DROP TABLE telemetry_before",
    f"""CREATE VIEW telemetry AS
        SELECT ((sample.key >> {SERIES_BITS}) + {BEGINS_S * TICKS_A_SECOND}) / {TICKS_A_SECOND}.0 AS at_s,
            series.device AS device, series.signal AS signal,
            CASE typeof(sample.value) WHEN 'integer' THEN sample.value / 1000.0 ELSE sample.value END AS value,
            CASE sample.quality {_QUALITY} END AS quality
        FROM sample JOIN series ON series.id = sample.key & {MOST_SERIES}""",  # noqa: S608  own names
    f"""CREATE TRIGGER telemetry_insert INSTEAD OF INSERT ON telemetry BEGIN
        INSERT OR IGNORE INTO series (device, signal) VALUES (NEW.device, NEW.signal);
        INSERT OR IGNORE INTO sample
            VALUES ({_KEY.format(row="NEW")}, CAST(NEW.value AS REAL), CASE NEW.quality {_NUMBER} ELSE 2 END);
        END""",  # noqa: S608  own names
    f"""CREATE TRIGGER telemetry_delete INSTEAD OF DELETE ON telemetry BEGIN
        DELETE FROM sample WHERE key = {_KEY.format(row="OLD")}; END""",  # noqa: S608  own names
    """CREATE TABLE explain_session (
        decision_id TEXT NOT NULL, load TEXT NOT NULL, at_s REAL NOT NULL, texts TEXT NOT NULL,
        UNIQUE (at_s, decision_id))""",
)

STEPS: tuple[Step, ...] = (_SAMPLES,)
