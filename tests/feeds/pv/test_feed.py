"""The PV forecast as the house hears it: from day one, over restarts, holes, stepped clocks and a broken store."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bitgrid.config import load_config
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.house_feeds import house_feeds
from bitgrid.feeds.means import Means
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.model import Model
from bitgrid.feeds.pv.teacher import MODEL
from bitgrid.feeds.web import FetchError
from bitgrid.store.errors import StoreError
from bitgrid.store.feeds import BlockMeans
from feeds.now import AtOnce, WhenTold
from feeds.pv.sunny import A_DAY, BLOCK_S, DAY_S, ROOF, SPRING, House, Weather, measured, remember

CONFIG = Path(__file__).parents[3] / "config"


def test_on_day_one_the_roof_of_the_site_is_told_for_a_day_and_a_half(tmp_path: Path) -> None:
    house = House(tmp_path, SPRING, ROOF)
    house.step()
    told = house.told()
    assert len(told) == 216
    assert house.source == "clear sky of the roof in site.yaml"
    assert house.feed.problem() == ""
    low, median, high = told[66]
    assert 0 < low < median < high < 6500
    assert told[0] == (0, 0, 0), "midnight"


def test_without_planes_there_is_none_until_some_sun_was_measured_and_that_is_said(tmp_path: Path) -> None:
    house, record = House(tmp_path, SPRING), measured(1, Weather(cloudless=True))
    spoken = []
    for block in range(SPRING, SPRING + 72):
        house.clock.wall_s = block * BLOCK_S + 5.0
        if block > SPRING:
            house.store.add(BlockMeans((block - 1) * BLOCK_S, round(record.at(block - 1)), 300))
        house.step()
        spoken.append(bool(house.told()))
        assert bool(house.told()) != ("R4) abstains" in house.feed.problem())
    assert spoken == sorted(spoken), "once told it stays"
    assert 30 < spoken.index(True) < 54, "within the first hours of daylight"
    assert house.source == "clear sky, days measured: 1"


def test_it_is_reckoned_once_a_block_and_once_more_when_the_last_block_is_known(tmp_path: Path) -> None:
    house, record = House(tmp_path, SPRING + A_DAY + 60, ROOF), measured(2)
    remember(house.store, record.cut(SPRING + A_DAY + 59))
    house.step()
    first = house.told()
    house.clock.advance(30)
    house.step()
    assert house.told() == first
    age_s = next(iter(house.feed.told())).telemetry.age_s
    assert age_s == 30
    house.store.add(BlockMeans((SPRING + A_DAY + 59) * BLOCK_S, 10, 300))
    house.step()
    assert house.told()[0][1] < first[0][1], "a dull block was heard of"
    assert next(iter(house.feed.told())).telemetry.first_block == SPRING + A_DAY + 60


def test_at_night_a_new_block_says_the_same_of_what_is_ahead(tmp_path: Path) -> None:
    house = House(tmp_path, SPRING + 4 * A_DAY + 6, ROOF)
    remember(house.store, measured(4))
    house.step()
    before = house.told()
    house.clock.advance(BLOCK_S)
    house.store.add(BlockMeans((SPRING + 4 * A_DAY + 6) * BLOCK_S, 0, 300))
    house.step()
    assert house.told()[:20] == before[1:21]
    assert all(watts == round(watts) for triple in before for watts in triple)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house of fifteen days, at the sun's midnight after them."""
    house = House(tmp_path_factory.mktemp("house"), SPRING + 15 * A_DAY + 6)
    remember(house.store, measured(15, Weather(tree_deg=12)))
    house.step()
    return house


def test_after_weeks_it_is_learned_and_says_from_how_much(learned: House) -> None:
    assert learned.source == "learned from 15 days"
    assert learned.teacher.model is not None
    assert learned.teacher.model.lines


def test_a_restart_forgets_nothing_and_learns_nothing_twice(learned: House) -> None:
    before, model = learned.told(), learned.teacher.model
    learned.restart()
    learned.step()
    assert learned.teacher.lessons == 0
    assert learned.teacher.model == model
    assert learned.told() == before


def test_another_roof_in_the_site_is_another_home(learned: House) -> None:
    learned.planes = ROOF
    learned.restart()
    model = learned.teacher.model
    assert model is not None
    assert model.days == 0, "what was learned of the old one is not used"
    learned.planes = ()
    learned.restart()


def test_what_was_kept_and_is_damaged_is_learned_anew(learned: House) -> None:
    kept, memory = learned.store.kept(MODEL), Memory(learned.store, BLOCK_S)
    assert kept is not None
    cut_lines = json.dumps({**json.loads(kept.text), "lines": [[[1.0]]]})
    few_days = kept.text.replace('"days":15', '"days":"many"')
    for text in ("", "{", '{"roof": 1}', few_days, kept.text[:-9] + "}", cut_lines):
        learned.store.keep(MODEL, 0, text)
        assert memory.load(MODEL, Model) is None, text[:40]
    learned.restart()
    learned.step()
    assert learned.source == "learned from 15 days"
    assert learned.teacher.lessons == 1


@pytest.mark.parametrize("step_s", [-7200, 3650 * DAY_S])
def test_a_clock_that_steps_costs_no_forecast(learned: House, step_s: int) -> None:
    was_s = learned.clock.wall_s
    learned.clock.wall_s = was_s + step_s
    learned.step()
    assert len(learned.told()) == 216
    learned.clock.wall_s = was_s
    learned.step()
    assert learned.source == "learned from 15 days"
    assert len(learned.told()) == 216


def test_whatever_the_store_holds_of_the_future_changes_no_byte(learned: House, tmp_path: Path) -> None:
    learned.restart()
    learned.step()
    now, other = learned.clock.wall_s, House(tmp_path, SPRING + 15 * A_DAY + 6)
    remember(other.store, measured(15, Weather(tree_deg=12)))
    for block in range(int(now // BLOCK_S), int(now // BLOCK_S) + 5 * A_DAY):
        other.store.add(BlockMeans(block * BLOCK_S, 90_000 if block % 2 else 1, 300))
    other.step()
    assert other.teacher.model is not None
    assert other.teacher.model.model_dump_json() == learned.teacher.model.model_dump_json()  # type: ignore[union-attr]
    assert repr(other.told()) == repr(learned.told())


def test_absurd_rows_and_holes_change_little(learned: House, tmp_path: Path) -> None:
    record = measured(15, Weather(tree_deg=12))
    for index in range(0, len(record.pv_w), 9):
        record.pv_w[index] = (1e9, -5000, math.nan)[index % 3]
    hurt = House(tmp_path, SPRING + 15 * A_DAY + 6)
    remember(hurt.store, record)
    hurt.step()
    learned.step()
    for one, other in zip(hurt.told(), learned.told(), strict=True):
        assert one[1] == pytest.approx(other[1], abs=700)


def test_a_lesson_on_its_way_does_not_hold_up_the_forecast(tmp_path: Path) -> None:
    house, later = House(tmp_path, SPRING, ROOF), WhenTold()
    house.errands._executor = later
    house.step()
    assert len(house.told()) == 216
    assert len(later.waiting) == 1


def test_a_failed_lesson_is_told_and_what_was_known_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_what: object) -> None:
        raise ArithmeticError("no such sun")

    house = House(tmp_path, SPRING, ROOF)
    monkeypatch.setattr("bitgrid.feeds.pv.teacher.night", fails)
    house.step()
    assert len(house.told()) == 216
    assert "nothing was learned of the sun (no such sun)" in house.feed.problem()
    assert "the errand learning the sun failed" in caplog.text


def test_a_store_that_fails_is_told_and_the_sites_roof_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, SPRING, ROOF)

    def broken(*_what: object) -> None:
        raise StoreError("the disk is gone")

    for name in ("means", "keep", "kept"):
        monkeypatch.setattr(house.store, name, broken)
    house.restart()
    house.step()
    assert len(house.told()) == 216
    assert "the PV forecast goes on without its memory: the disk is gone" in house.feed.problem()


def test_a_service_that_is_asked_for_and_gone_is_told_and_the_forecast_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path, SPRING, ROOF)
    config = load_config(CONFIG)
    asked_for = config.site.pv_forecast.model_copy(update={"outside": "open_meteo"})
    site = config.site.model_copy(update={"pv_forecast": asked_for})

    def gone(*_url: str, **_how: object) -> bytes:
        raise FetchError("api.open-meteo.com cannot be reached (ConnectError)")

    errands = Errands(AtOnce())
    feeds = house_feeds(
        type(config)(site, config.rules, config.flags, config.policies),
        Means(house.clock, house.store, errands, gone),
    ).feeds
    for _ in range(2):
        for feed in feeds:
            feed.step()
        errands.step()
    assert any(told.signal == "pv_forecast_w" for feed in feeds for told in feed.told())
    assert any("cannot be reached" in feed.problem() for feed in feeds)
