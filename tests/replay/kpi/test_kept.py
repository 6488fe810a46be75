"""Days that are kept: the same figures as without, never those of other files, a battery or a damaged line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bitgrid.config import Config
from bitgrid.replay.kpi import asking
from bitgrid.replay.kpi.asking import ask
from bitgrid.replay.kpi.kept import MOST_DAYS, NAME, Kept
from bitgrid.replay.kpi.period import Period
from bitgrid.replay.kpi.reckoning import Reckoned
from bitgrid.replay.kpi.recorded import Recorded
from bitgrid.replay.kpi.sums import Sums
from replay.houses import shipped
from replay.kpi.archives import BLOCK_S, ArchivedHouse

UTC = ZoneInfo("UTC")
DAY_S = 1_747_180_800  # 2025-05-14T00:00Z
DAYS = 3


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three days and the fourth's beginning, archived."""
    house = ArchivedHouse()
    for block in range(DAY_S // BLOCK_S - 3, DAY_S // BLOCK_S + DAYS * 144 + 1):
        power = {"pv_power_w": block % 144 * 10, "grid_power_w": 0, "battery_power_w": 0, "battery_soc_pct": 50}
        house.lived(block, **power, miner__power_w=block % 7 * 100)
        house.explained(house.decided(block, level="eco"), block * BLOCK_S + 2)
    house.write(tmp_path / "archive")
    return tmp_path


@pytest.fixture
def reckoned_days(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The days of the month that were reckoned, not found."""
    days: list[int] = []
    inner = asking._reckon

    def counted(found: object, some: object, part: object, home: object) -> object:
        days.extend(day.date.day for day in some)  # type: ignore[attr-defined]
        return inner(found, some, part, home)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "_reckon", counted)
    return days


def asked(data: Path, config: Config | None = None, from_s: int = DAY_S, days: float = DAYS) -> Reckoned:
    period = Period(from_s, from_s + int(days * 86_400), UTC, BLOCK_S)
    return ask(Recorded(data / "archive", data), period, config or shipped(), DAY_S + 7 * 86_400)


def test_days_are_reckoned_once_and_tell_the_same(data: Path, reckoned_days: list[int]) -> None:
    first = asked(data)
    again = asked(data)
    assert reckoned_days == [14, 15, 16]
    assert again == first
    assert again.whole.base_blocks == DAYS * 144
    assert again.whole.holds == {"R1": DAYS * 144}


def test_an_archive_alone_is_not_written_to(data: Path) -> None:
    period = Period(DAY_S, DAY_S + 86_400, UTC, BLOCK_S)
    ask(Recorded(data / "archive"), period, shipped(), DAY_S + 7 * 86_400)
    assert not (data / NAME).exists()
    assert not (data / "archive" / NAME).exists()


def test_a_day_that_is_cut_or_not_archived_is_not_kept(data: Path, reckoned_days: list[int]) -> None:
    for _ in range(2):
        asked(data, from_s=DAY_S + BLOCK_S, days=0.5)
        asked(data, from_s=DAY_S + 3 * 86_400, days=1)
    assert reckoned_days == [14, 17, 14, 17]
    assert not (data / NAME).exists()


def test_another_battery_reckons_anew(data: Path, reckoned_days: list[int]) -> None:
    config = shipped()
    battery = config.site.battery
    assert battery is not None
    smaller = replace(
        config,
        site=config.site.model_copy(
            update={"battery": battery.model_copy(update={"capacity_wh": battery.capacity_wh // 2})}
        ),
    )
    asked(data)
    told = asked(data, smaller)
    assert reckoned_days == [14, 15, 16] * 2
    (data / NAME).unlink()
    assert told == asked(data, smaller)


def test_a_file_that_is_gone_is_told_and_its_days_are_reckoned_without_it(
    data: Path, reckoned_days: list[int]
) -> None:
    asked(data)
    (data / "archive" / "states" / "2025-05-15.parquet").unlink()
    told = asked(data)
    assert reckoned_days == [14, 15, 16, 14, 15, 16]  # each looks at the day before or after, too
    assert "is missing" in told.notes[0]
    assert [sums.pv_blocks for _day, sums in told.days] == [143, 1, 144]  # a tick tells the block before


def test_another_program_reckons_anew(
    data: Path, reckoned_days: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(data)
    monkeypatch.setattr("bitgrid.replay.kpi.kept._program", lambda: "another")
    asked(data)
    assert reckoned_days == [14, 15, 16] * 2


@pytest.mark.parametrize("cut", [0, 1, 40, 500, 900])
def test_a_damaged_line_is_reckoned_anew(data: Path, reckoned_days: list[int], cut: int) -> None:
    first, path = asked(data), data / NAME
    spoiled = bytearray(path.read_bytes())
    spoiled[cut] ^= 4
    path.write_bytes(spoiled)
    assert asked(data) == first
    assert reckoned_days == [14, 15, 16, 14]


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"nonsense\n", b"0" * 200 + b"\n"])
def test_a_file_of_nonsense_is_as_none(data: Path, reckoned_days: list[int], text: bytes) -> None:
    first = asked(data)
    (data / NAME).write_bytes(text)
    assert asked(data) == first
    assert asked(data) == first
    assert reckoned_days == [14, 15, 16] * 2


def test_a_line_that_a_power_cut_left_half_is_reckoned_anew(data: Path, reckoned_days: list[int]) -> None:
    first, path = asked(data), data / NAME
    path.write_bytes(path.read_bytes()[:-50])
    assert asked(data) == first
    assert reckoned_days == [14, 15, 16, 16]


def test_who_may_not_write_does_without(data: Path, reckoned_days: list[int]) -> None:
    (data / NAME.parent).write_text("a file where the directory would be")
    assert asked(data) == asked(data)
    assert reckoned_days == [14, 15, 16] * 2


def test_a_date_is_kept_once_and_only_the_newest(tmp_path: Path) -> None:
    kept = Kept(tmp_path / NAME)
    kept.keep({f"{1000 + number}-01-01 {number:064}": Sums(ticks=number) for number in range(MOST_DAYS + 5)})
    kept = Kept(tmp_path / NAME)
    kept.keep({f"{1000 + MOST_DAYS}-01-01 {'f' * 64}": Sums(ticks=7)})
    lines = (tmp_path / NAME).read_text().splitlines()
    assert len(lines) == MOST_DAYS
    assert [path.name for path in (tmp_path / "kpi").iterdir()] == ["days.txt"]
    keys = [json.loads(line[17:])["key"] for line in lines]
    assert keys[0].startswith("1005-")
    found = Kept(tmp_path / NAME).find(f"{1000 + MOST_DAYS}-01-01 {'f' * 64}")
    assert found == Sums(ticks=7)
