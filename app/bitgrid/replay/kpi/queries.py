"""What is added up, as DuckDB says it: over the tables ``states``, ``decisions`` and so on, grouped by local day.

The tick of a block tells the means of the block before it, so a state's energies belong to that one. Parameters:
``$block_s`` length of a block, ``$first`` and ``$end`` the first block and the one after the last.
What a day comes to does not depend on the period it is asked for in: nothing is looked for further from a day than
``AROUND_S``, and a load counts on the days on which it was decided on.
``greatest`` and ``least`` of DuckDB pass over nulls, so they stand only where there is none, or where 0 is meant.
A row whose time is not in its block was written under another length of blocks and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitgrid.replay.kpi.period import Day
from bitgrid.store.archive.columns import KINDS

DAY_S = 86_400
BEFORE_S, AFTER_S = DAY_S, 3600
"""How far before and after a day something may matter for it: the charge it begins with, a switch that is taken
back, a guard's trip that is told again; a sentence that is said late."""
FLAP_S = 1800
"""A load that is switched back within half an hour flaps."""


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "telemetry": ("at_s", "signal", "value", "quality"),
    "states": ("block", "clock_epoch", "at_s", "signal", "value", "quality"),
    "decisions": ("seq", "load", "clock_epoch", "block", "trigger", "at_s", "action", "level", "rule", "code"),
    "energy_to_value": tuple(column.name for column in KINDS["energy_to_value"]),
    "events": ("at_s", "kind", "record"),
    "explain_sessions": ("at_s", "decision_id"),
}
"""What the figures need of each kind."""

TAKEN = {
    "decisions": """
        SELECT seq, load, clock_epoch, block, trigger, at_s, action, level, rule, code FROM {source}
        WHERE block <= $end AND at_s // $block_s = block""",
    "energy_to_value": """
        SELECT block, energy_wh,
            CASE WHEN surplus_wh + energy_wh IS NOT NULL THEN least(greatest(surplus_wh, 0), energy_wh) END
                AS of_surplus_wh, value_ct, export_value_ct,
            sats, import_price_ct_kwh, path FROM {source} WHERE block >= $first AND block < $end""",
    "events": """
        SELECT at_s, record FROM {source} WHERE kind = 'safety' AND record LIKE '%trip_id%'""",
    "explain_sessions": """
        SELECT decision_id, at_s AS said_s FROM {source}
        WHERE at_s >= $first * $block_s - $after_s AND at_s < $end * $block_s + $after_s""",
}
"""What is taken of each kind but the states, from a few files or rows at a time, into a table of its name."""

TICKS = """
    SELECT block - 1 AS block, {loads}
        arg_max(value, clock_epoch) FILTER (WHERE signal = 'pv_power_w' AND quality = 'good') AS pv_w,
        arg_max(value, clock_epoch) FILTER (WHERE signal = 'house_load_w' AND quality = 'good') AS house_w,
        arg_max(value, clock_epoch) FILTER (WHERE signal = 'grid_power_w' AND quality = 'good') AS grid_w,
        arg_max(value, clock_epoch) FILTER (WHERE signal = 'battery_soc_pct' AND quality = 'good') AS soc_pct,
        arg_max(value, clock_epoch) FILTER (WHERE signal = 'battery_power_w' AND quality = 'good') AS charge_w,
        arg_max(value, clock_epoch) FILTER (WHERE signal = 'export_price_ct_kwh' AND quality = 'good') AS next_ct,
        coalesce(bool_or(signal IN ('battery_power_w', 'battery_soc_pct')), false) AS has_battery
    FROM {source}
    WHERE block BETWEEN $first AND $end AND at_s // $block_s = block AND signal IN
        ('pv_power_w', 'house_load_w', 'grid_power_w', 'battery_soc_pct', 'battery_power_w',
        'export_price_ct_kwh' {names})
    GROUP BY block"""

LOAD_OF_TICK = """
        arg_max(value, clock_epoch) FILTER (WHERE signal = {name} AND quality = 'good') AS load_{number},
        coalesce(bool_or(signal = {name}), false) AS has_load_{number},"""

LOAD_WAS_OFF = "bool_and(level = 'off') FILTER (WHERE load = {load}) AS off_{number}"

LOAD_POWER = """
    CASE WHEN day_of(block) NOT IN (SELECT day FROM load_days WHERE load = {load}) THEN 0
        WHEN load_{number} IS NULL AND has_load_{number} AND NOT coalesce(off_{number}, false) THEN NULL
        ELSE greatest(coalesce(load_{number}, 0), 0) END"""

LOAD_DAYS = """
CREATE TABLE load_days AS
SELECT DISTINCT load, day FROM (
    SELECT load, unnest([day_of(block), day_of(block + $before), day_of(block - 1)]) AS day
    FROM decisions WHERE block >= $first - $before)
WHERE day IS NOT NULL
"""
"""On which days a load counts: where it was decided on, from just before a day to the tick that ends it."""

LIVED = """
CREATE TABLE lived AS
WITH was_off AS (SELECT block, {were_off} FROM decisions GROUP BY block),
of_loads AS (
    SELECT block, CASE WHEN pv_w < 0 THEN 0 ELSE pv_w END AS pv_w, house_w, grid_w, soc_pct, next_ct,
        CASE WHEN charge_w IS NULL AND NOT has_battery THEN 0 ELSE charge_w END AS battery_w,
        {loads_w} AS loads_w
    FROM states LEFT JOIN was_off USING (block))
SELECT * EXCLUDE (told_w), day_of(block) AS day, CASE WHEN told_w < 0 THEN 0 ELSE told_w END AS house_w
FROM (SELECT * EXCLUDE (house_w), coalesce(house_w, pv_w + grid_w - battery_w - loads_w) AS told_w FROM of_loads)
"""

TELEMETRY = "SELECT at_s, signal, value, quality FROM {source} WHERE at_s >= ($first - 1) * $block_s - 86400"


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def day_of(days: Sequence[Day], block_s: int) -> str:
    """The macro that tells a block's local day, from 0: by reckoning, where days are 24 hours long."""
    begins, parts = 0, []
    for number, day in enumerate(days):
        if number == len(days) - 1 or days[number + 1].begins_s - day.begins_s != DAY_S:
            since_s = days[begins].begins_s
            parts.append(f"WHEN at_s < {day.to_s} THEN least({begins} + (at_s - {since_s}) // {DAY_S}, {number})")
            begins = number + 1
    cases = " ".join(parts).replace("at_s", f"block * {block_s}")
    return f"CREATE MACRO day_of(block) AS CASE {cases} END"


def ticks(loads: Sequence[str]) -> str:
    """What is taken of the states: a row a tick, the loads' powers by number."""
    names = [quoted(f"{load}.power_w") for load in loads]
    of_loads = "".join(LOAD_OF_TICK.format(name=name, number=number) for number, name in enumerate(names))
    listed = "".join(f", {name}" for name in names)
    return TICKS.replace("{loads}", of_loads).replace("{names}", listed)


def lived(loads: Sequence[str]) -> str:
    """The table of what each block was, its loads added up."""
    off = [LOAD_WAS_OFF.format(load=quoted(load), number=number) for number, load in enumerate(loads)]
    powers = [LOAD_POWER.format(load=quoted(load), number=number) for number, load in enumerate(loads)]
    return LIVED.format(were_off=", ".join(off) or "true AS none", loads_w=" + ".join(powers) or "0")


ENERGIES = """
WITH told AS (
    SELECT *, pv_w IS NOT NULL AND house_w IS NOT NULL AND loads_w IS NOT NULL AND grid_w IS NOT NULL
        AND battery_w IS NOT NULL AS is_whole, $block_s / 3600 AS h
    FROM lived WHERE block >= $first AND block < $end)
SELECT day,
    count(pv_w) AS pv_blocks, sum(pv_w * h) AS pv_wh,
    count(house_w) AS house_blocks, sum(house_w * h) AS house_wh,
    count(loads_w) AS loads_blocks, sum(loads_w * h) AS loads_wh,
    count(grid_w) AS grid_blocks, sum(greatest(grid_w, 0) * h) AS import_wh,
    sum(greatest(-grid_w, 0) * h) AS export_wh,
    count(*) FILTER (WHERE is_whole) AS whole_blocks,
    sum(pv_w * h) FILTER (WHERE is_whole) AS whole_pv_wh,
    sum((house_w + loads_w) * h) FILTER (WHERE is_whole) AS whole_used_wh,
    sum(greatest(pv_w - house_w, 0) * h) FILTER (WHERE is_whole) AS whole_surplus_wh,
    sum(grid_w * h) FILTER (WHERE is_whole) AS whole_grid_wh,
    sum(battery_w * h) FILTER (WHERE is_whole) AS whole_battery_wh,
    sum(least(greatest(grid_w, 0), house_w + loads_w) * h) FILTER (WHERE is_whole) AS import_for_use_wh,
    sum(least(greatest(-grid_w, 0), greatest(pv_w - house_w, 0)) * h) FILTER (WHERE is_whole)
        AS export_of_surplus_wh,
    count(battery_w) AS charged_blocks, sum(greatest(battery_w, 0) * h) AS charged_wh
FROM told GROUP BY ALL
"""

SOLD = """
WITH told AS (
    SELECT *, CASE WHEN block - lag(block) OVER (ORDER BY block) = 1
        THEN lag(next_ct) OVER (ORDER BY block) END AS sold_for_ct
    FROM lived WHERE block < $end)
SELECT day, count(*) AS sold_blocks, sum(greatest(-grid_w, 0) * $block_s / 3600 / 1000 * sold_for_ct) AS sold_ct
FROM told WHERE block >= $first AND grid_w IS NOT NULL AND sold_for_ct IS NOT NULL GROUP BY ALL
"""
"""The tick that tells a block's means tells the price of the block that begins: hence the one before."""

BASELINE = """
WITH told AS (
    SELECT *, CASE WHEN block - lag(block) OVER (ORDER BY block) = 1
        THEN lag(soc_pct) OVER (ORDER BY block) END AS begin_pct
    FROM lived WHERE block < $end)
SELECT block, day, begin_pct, pv_w, house_w, loads_w, avg(loads_w) OVER (PARTITION BY day) AS even_w, grid_w,
    soc_pct
FROM told
WHERE block >= $first AND pv_w IS NOT NULL AND house_w IS NOT NULL AND loads_w IS NOT NULL AND grid_w IS NOT NULL
    AND (NOT $has_battery OR (begin_pct IS NOT NULL AND soc_pct IS NOT NULL))
ORDER BY block
"""

VALUES = """
WITH told AS (
    SELECT *, value_ct IS NOT NULL AND export_value_ct IS NOT NULL AND import_price_ct_kwh IS NOT NULL
            AND of_surplus_wh IS NOT NULL AS is_worth
    FROM energy_to_value),
of_block AS (
    SELECT block, sum(energy_wh) FILTER (WHERE of_surplus_wh IS NOT NULL) AS split_wh,
        sum(of_surplus_wh) AS split_surplus_wh,
        sum(energy_wh) FILTER (WHERE sats IS NOT NULL) AS sats_wh, sum(sats) AS sats,
        sum(value_ct) FILTER (WHERE is_worth) AS mined_ct,
        sum(export_value_ct) FILTER (WHERE is_worth) AS export_ct,
        sum((energy_wh - of_surplus_wh) / 1000 * import_price_ct_kwh) FILTER (WHERE is_worth) AS bought_ct,
        count(path) > 0 AS has_path
    FROM told GROUP BY block)
SELECT day_of(block) AS day,
    count(split_wh) AS split_blocks, sum(split_wh) AS split_wh, sum(split_surplus_wh) AS split_surplus_wh,
    count(sats) AS sats_blocks, sum(sats_wh) AS sats_wh, sum(sats) AS sats,
    count(mined_ct) AS worth_blocks, sum(mined_ct) AS mined_ct, sum(export_ct) AS export_ct,
    sum(bought_ct) AS bought_ct, count(*) FILTER (WHERE has_path) AS path_blocks
FROM of_block GROUP BY ALL
"""

DECISIONS = """
WITH told AS (
    SELECT *, lead(at_s) OVER (PARTITION BY load ORDER BY at_s, seq) AS next_s FROM decisions)
SELECT day_of(block) AS day, count(*) AS decisions,
    sum(greatest(least(coalesce(next_s, $now_s), (block + 1) * $block_s) - at_s, 0))
        FILTER (WHERE level <> 'off') AS on_s,
    count(*) FILTER (WHERE action = 'START') AS starts,
    count(*) FILTER (WHERE action = 'STOP' AND code IN ('R3_OVER_TEMP', 'R3_ROOM_TEMP')) AS heat_stops
FROM told WHERE block >= $first AND block < $end GROUP BY ALL
"""

LATENCIES = """
WITH told AS (
    SELECT block, max(at_s) - block * $block_s AS late_s FROM decisions
    WHERE trigger = 'TICK' AND block >= $first AND block < $end GROUP BY block)
SELECT day_of(block) AS day, count(*) AS ticks, count(*) * $block_s AS decided_s, sum(late_s) AS late_s,
    max(late_s) AS most_late_s
FROM told GROUP BY ALL
"""

FLAPS = f"""
WITH told AS (
    SELECT block, at_s - lag(at_s) OVER switches AS after_s, action <> lag(action) OVER switches AS is_back
    FROM decisions WHERE action IN ('START', 'STOP') WINDOW switches AS (PARTITION BY load ORDER BY at_s, seq))
SELECT day_of(block) AS day, count(*) AS flaps FROM told
WHERE is_back AND after_s < {FLAP_S} AND block >= $first AND block < $end GROUP BY ALL
"""  # noqa: S608  own words

BY_RULE = """
SELECT day_of(block) AS day, rule, count(*) FILTER (WHERE action = 'HOLD') AS holds,
    count(*) FILTER (WHERE rule <> 'R1' AND action <> 'START') AS vetoes
FROM decisions AS told WHERE block >= $first AND block < $end GROUP BY ALL
"""

BY_PATH = """
SELECT day_of(block) AS day, path, count(DISTINCT block) AS blocks
FROM energy_to_value WHERE path IS NOT NULL GROUP BY ALL
"""

BLOCKS = """
SELECT block, pv_w, house_w, loads_w, grid_w, battery_w, soc_pct FROM lived
WHERE block >= $first AND block < $end ORDER BY block
"""

EXPLAINED = """
WITH said AS (
    SELECT block, at_s, min(explain_sessions.said_s) AS said_s FROM decisions LEFT JOIN explain_sessions
    ON decision_id = concat_ws('-', load, clock_epoch, block, lower(trigger), at_s)
        AND abs(explain_sessions.said_s - at_s) < $after_s
    WHERE block >= $first AND block < $end GROUP BY seq, block, at_s),
told AS (SELECT *, CASE WHEN said_s > at_s THEN said_s - at_s END AS after_s FROM said)
SELECT day_of(block) AS day, count(said_s) AS explained, count(after_s) AS timed, sum(after_s) AS said_after_s,
    max(after_s) AS most_said_after_s
FROM told GROUP BY ALL
"""

SAFETY_EVENTS = "SELECT at_s, record FROM events"
FIRST_TICK = "SELECT min(block) FROM decisions WHERE trigger = 'TICK'"

ADDED_UP = (ENERGIES, SOLD, VALUES, DECISIONS, LATENCIES, FLAPS, EXPLAINED)
"""Each gives rows of a day and sums by the names of `bitgrid.replay.kpi.sums.Sums`."""
