"""A period block by block, for a chart: what each of its blocks was, from the same records as the figures."""

from __future__ import annotations

from typing import Any

from bitgrid.replay.kpi import queries
from bitgrid.replay.kpi.errors import BadPeriod
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.recorded import Recorded

COLUMNS = ("pv_w", "house_w", "loads_w", "grid_w", "battery_w", "soc_pct")
MOST_DAYS = 8
"""A longer period has more blocks than a chart has points, and is told by days."""
_DAY_S = 86_400


def blocks(recorded: Recorded, asked: Period, now_s: float) -> dict[str, Any]:
    """Columns of the blocks that are over: ``at_s`` where each begins, then means in W and the charge in percent.

    What is not known is None; a block of which nothing is known stands there all the same, so that a chart has a
    gap in that place.

    Raises:
        BadPeriod: nothing of it is over, or it is longer than `MOST_DAYS`.
        Unreadable: something that is recorded cannot be read.
    """
    from bitgrid.replay.kpi.database import Database  # noqa: PLC0415  DuckDB, which longer periods do without

    over = asked.until(now_s)
    if over is None or asked.to_s - asked.from_s > MOST_DAYS * _DAY_S:
        raise BadPeriod(f"blocks are told of periods of at most {MOST_DAYS} days that have begun")
    gathered = recorded.look(over).gather(over)
    bounds = {"block_s": over.block_s, "first": over.first_block, "end": over.end_block}
    database = Database(gathered.files, gathered.hot, is_import=gathered.is_import)
    try:
        database.run(queries.day_of(over.days(), over.block_s))
        before = -(-queries.FLAP_S // over.block_s)
        database.take_in(before=before, now_s=over.to_s, after_s=queries.AFTER_S, **bounds)
        told = {row[0]: row[1:] for row in database.rows(queries.BLOCKS, **bounds)}
    finally:
        database.close()
    numbers = range(over.first_block, over.end_block)
    columns = zip(*(told.get(number, (None,) * len(COLUMNS)) for number in numbers), strict=True)
    return {
        "block_s": over.block_s,
        "at_s": [number * over.block_s for number in numbers],
        **{
            name: [_rounded(value, 1 if name == "soc_pct" else 0) for value in column]
            for name, column in zip(COLUMNS, columns, strict=True)
        },
    }


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals) + 0.0  # no minus before a zero
