"""What an import makes is an archive like any other; and what its page says can be typed."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bitgrid.clock import HeldClock
from bitgrid.imports.coverage import Coverage
from bitgrid.imports.errors import ImportRefused
from bitgrid.imports.mapping import CsvMap, HomeAssistantMap
from bitgrid.imports.quantities import Signal
from bitgrid.imports.spans import DAY_S, Reading, Span
from bitgrid.imports.spool import Spool
from bitgrid.imports.streams import Source, Stream
from bitgrid.imports.writing import write_import
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.archive.verify import verify
from imports.making import spans_of

NEW_YEAR_S = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp())


def source(**told: list[Span]) -> Source:
    names: dict[str, Signal] = {"pv": "pv_power_w", "house": "house_load_w"}
    return Source("csv", [Stream(names[name], name, spans) for name, spans in told.items()])


def hours(*pieces: tuple[float, float, float]) -> list[Span]:
    return [Span(NEW_YEAR_S + begin * 3600, NEW_YEAR_S + end * 3600, value) for begin, end, value in pieces]


def test_the_archive_is_verified_and_every_day_stands_for_itself(tmp_path: Path) -> None:
    pv, told = hours((20, 30, 5.0), (80, 81, 7.0)), list[float]()
    to = tmp_path / "out"
    report = write_import(source(pv=pv, house=hours((0, 100, 300.0))), {"file": "x"}, to, HeldClock(), told.append)
    assert verify(to) == []
    assert told[-1] == 1.0 or told == sorted(told)
    reader = ArchiveReader(to)
    assert [day.isoformat() for day in reader.days("telemetry")] == [f"2024-01-0{day}" for day in (1, 2, 3, 4, 5)]
    second = [
        row for row in reader.table("telemetry", dt.date(2024, 1, 2)).to_pylist() if row["signal"] == "pv_power_w"
    ]
    assert [(row["at_s"] - NEW_YEAR_S, row["value"], row["quality"]) for row in second[:2]] == [
        (DAY_S, 5.0, "good"),
        (30 * 3600, None, "missing"),
    ]
    assert spans_of(to)["pv_power_w"] == pv
    assert report.data["signals"]["pv_power_w"]["kwh"] == 0.1


def test_equal_values_one_after_the_other_are_one_row(tmp_path: Path) -> None:
    steps = hours(*((n / 60, (n + 1) / 60, 300.0) for n in range(600)))
    write_import(source(pv=steps, house=steps), {"file": "x"}, tmp_path / "out", HeldClock(), lambda _: None)
    assert ArchiveReader(tmp_path / "out").table("telemetry").num_rows == 4


def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def breaks() -> list[Span]:
        yield from hours((0, 30, 1.0))
        raise ImportRefused("the third day is torn")

    with pytest.raises(ImportRefused, match="torn"):
        write_import(
            source(pv=breaks(), house=hours((0, 40, 1.0))), {}, tmp_path / "out", HeldClock(), lambda _: None
        )
    assert list(tmp_path.iterdir()) == []


def test_the_share_that_is_known_by_month_and_the_longest_gaps() -> None:
    coverage = Coverage()
    for day in range(59):
        begin = NEW_YEAR_S + day * DAY_S
        coverage.take([Span(begin, begin + DAY_S / 2, 100.0), Span(begin + DAY_S / 2, begin + DAY_S, -50.0)])
    begins_s, ends_s = NEW_YEAR_S, NEW_YEAR_S + 61 * DAY_S
    coverage.close(begins_s, ends_s)
    assert coverage.shares(begins_s, ends_s) == {"2024-01": 1.0, "2024-02": 28 / 29, "2024-03": 0.0}
    assert coverage.longest_gaps == [(NEW_YEAR_S + 59 * DAY_S, 2 * DAY_S)]
    assert coverage.share(begins_s, ends_s) == pytest.approx(59 / 61)
    assert coverage.energy_ws == (59 * 100.0 * DAY_S / 2, 59 * 50.0 * DAY_S / 2)


def test_what_is_put_aside_comes_back_by_time_however_little_fits_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitgrid.imports.spool._MOST_IN_MEMORY", 7)
    spool = Spool(tmp_path)
    order = [(n * 7919) % 1000 for n in range(1000)]
    for n in order:
        spool.add(n % 2, Reading(NEW_YEAR_S + n * 600, None if n % 10 == 0 else float(n)))
    spool.flush()
    for figure in (0, 1):
        expected = [n for n in range(1000) if n % 2 == figure]
        assert [reading.at_s for reading in spool.readings(figure)] == [NEW_YEAR_S + n * 600 for n in expected]
    assert [reading.value for reading in spool.readings(0)][:3] == [None, 2.0, 4.0]


def test_the_examples_of_the_page_are_mappings() -> None:
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block) for block in page.split("\n\n") if block.startswith("    schema: 1")]
    examples = [YAML(typ="safe").load(block) for block in blocks]
    assert [example["source"] for example in examples] == ["home-assistant", "csv"]
    HomeAssistantMap.model_validate(examples[0])
    CsvMap.model_validate(examples[1])
