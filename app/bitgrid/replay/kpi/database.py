"""DuckDB over the archive's files and the rows that are not archived yet: a table a kind, a few files at a time.

One thread and little memory: it runs beside a house that decides. Rows that are not archived yet come as columns
of Python values, not as Arrow tables: pyarrow would cost 30 MB more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bitgrid.replay.kpi import queries
from bitgrid.replay.kpi.errors import Unreadable
from bitgrid.replay.kpi.queries import COLUMNS
from bitgrid.replay.kpi.queries import quoted as _quoted
from bitgrid.store.archive.columns import KINDS

IMPORTED = """
CREATE TABLE imported AS
WITH held AS (
    SELECT signal, value, quality, at_s AS from_s, coalesce(lead(at_s) OVER (
        PARTITION BY signal, floor(at_s / 86400) ORDER BY at_s), (floor(at_s / 86400) + 1) * 86400) AS to_s
    FROM telemetry),
in_block AS (
    SELECT signal, value, from_s,
        unnest(range(CAST(floor(from_s / $block_s) AS BIGINT), CAST(ceil(to_s / $block_s) AS BIGINT))) AS block,
        to_s
    FROM held WHERE value IS NOT NULL AND quality = 'good'),
weighed AS (
    SELECT *, least(to_s, (block + 1) * $block_s) - greatest(from_s, block * $block_s) AS held_s FROM in_block)
SELECT block + 1 AS block, 0 AS clock_epoch, (block + 1) * $block_s AS at_s, signal, 'good' AS quality,
    CASE WHEN signal = 'battery_soc_pct' THEN arg_max(value, from_s)
        ELSE sum(value * held_s) / sum(held_s) END AS value
FROM weighed GROUP BY block, signal HAVING sum(held_s) >= $block_s / 2
"""
"""States of an import: a value holds until the signal's next row, at the latest until its UTC day ends; half of a
block must be known for its mean to count. The charge is the block's last."""

_TYPES = {"f64": "DOUBLE", "i64": "BIGINT", "i32": "INTEGER", "text": "VARCHAR", "name": "VARCHAR"}
_MEMORY_MB, _DAYS_A_MB, _FILES_AT_ONCE = 32, 20, 31
_ROWS_AT_ONCE = 1000

Row = tuple[Any, ...]


class Database:
    """Questions to what is recorded; each kind a table by its name once it is taken in.

    Args:
        files: the archive's files by kind.
        hot: rows that are not archived yet, by kind, in the order of `COLUMNS`.
        is_import: whether the archive holds telemetry alone, of which states are made (see `IMPORTED`).

    Raises:
        Unreadable: from every method, where a file cannot be read.
    """

    def __init__(
        self, files: Mapping[str, Sequence[Path]], hot: Mapping[str, Sequence[Row]], *, is_import: bool = False
    ) -> None:
        self._files, self._hot, self._is_import = files, hot, is_import
        days = max(map(len, files.values()), default=0)
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": f"{_MEMORY_MB + days // _DAYS_A_MB}MB",
            "temp_directory": "",
            "enable_external_file_cache": False,
        }
        self._connection = duckdb.connect(":memory:", config=config)

    def take_in(self, **values: Any) -> None:
        """Take in what the figures of a period need; ``values`` are its bounds.

        Decisions first: they name the loads, whose power is looked for in the states.
        """
        for kind, query in queries.TAKEN.items():
            self._take(kind, query, **values)
        if self._is_import:
            self._take("telemetry", queries.TELEMETRY, **values)
            self.run(IMPORTED, **values)
        loads = [load for (load,) in self.rows("SELECT DISTINCT load FROM decisions ORDER BY load")]
        self._take("states", queries.ticks(loads), **values)
        self.run(queries.LOAD_DAYS, **values)
        self.run(queries.lived(loads), **values)

    def run(self, statement: str, **values: Any) -> None:
        """Do something that answers nothing."""
        with _reading():
            self._connection.execute(statement, _used(statement, values))

    def rows(self, query: str, **values: Any) -> Iterator[Row]:
        """What a query answers, row by row."""
        with _reading():
            answer = self._connection.cursor().execute(query, _used(query, values))
            while rows := answer.fetchmany(_ROWS_AT_ONCE):
                yield from rows

    def records(self, query: str, **values: Any) -> Iterator[dict[str, Any]]:
        """What a query answers, each row by the names of its columns, without what is null."""
        with _reading():
            answer = self._connection.cursor().execute(query, _used(query, values))
            names = [told[0] for told in answer.description or ()]
            for row in answer.fetchall():
                yield {name: value for name, value in zip(names, row, strict=True) if value is not None}

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def _take(self, kind: str, query: str, **values: Any) -> None:
        """Into a table of the kind's name: what a query takes of its rows and files, a few files at a time."""
        for number, source in enumerate(self._sources(kind)):
            verb = f"INSERT INTO {kind}" if number else f"CREATE TABLE {kind} AS"
            self.run(f"{verb} {query.replace('{source}', source)}", **values)

    def _sources(self, kind: str) -> Iterator[str]:
        yield self._hot_table(kind)
        if kind == "states" and self._is_import:
            yield "imported"
        files = self._files.get(kind, ())
        for first in range(0, len(files), _FILES_AT_ONCE):
            quoted = ", ".join(_quoted(str(path)) for path in files[first : first + _FILES_AT_ONCE])
            yield f"read_parquet([{quoted}])"

    def _hot_table(self, kind: str) -> str:
        """The kind's rows that are not archived, as a table; it may have none."""
        types, hot = {column.name: _TYPES[column.type] for column in KINDS[kind]}, self._hot.get(kind, ())
        typed = ", ".join(f"{name} {types[name]}" for name in COLUMNS[kind])
        with _reading():
            self._connection.execute(f"CREATE TABLE hot_{kind} ({typed})")
            if hot:
                unnested = ", ".join(f"unnest(?::{types[name]}[])" for name in COLUMNS[kind])
                columns = [list(values) for values in zip(*hot, strict=True)]
                self._connection.execute(f"INSERT INTO hot_{kind} SELECT {unnested}", columns)
        return f"hot_{kind}"


def newest_record(path: Path) -> str:
    """The record of the last decision in a file of the archive.

    Raises:
        Unreadable: the file cannot be read, or is empty.
    """
    with _reading(), duckdb.connect(":memory:", config={"threads": 1}) as connection:
        query = "SELECT record FROM read_parquet(?) ORDER BY seq DESC LIMIT 1"
        row = connection.execute(query, [str(path)]).fetchone()
    if row is None:
        raise Unreadable(f"{path} holds no decision")
    return str(row[0])


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise Unreadable(
            f"the archive cannot be read: {error}. Which of its files are sound, tells: bitgrid archive verify"
        ) from error


def _used(statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that a statement names; DuckDB refuses others."""
    return {name: value for name, value in values.items() if f"${name}" in statement}
