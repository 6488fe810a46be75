"""The tariff as a feed: asked when due, kept over a restart, and what holds, since when and why, said in words."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import Telemetry
from bitgrid.clock import HeldClock
from bitgrid.config import Site, load_config
from bitgrid.config.tariff import Tariff
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.means import Means
from bitgrid.feeds.prices.schedule import FIRST_WAIT_S, LAST_WAIT_S, SPREAD_S, Schedule
from bitgrid.feeds.tariff import TariffFeed
from bitgrid.feeds.web import Fetch, FetchError, Limits, web_fetch
from bitgrid.store.feeds import FeedsStore
from feeds import market_answers as market
from feeds.local_server import LocalServer, Say, Script, answer, local_server
from feeds.market_answers import MARKET, at_s, midnight_s, price_at, priced
from feeds.now import AtOnce, WhenTold

CONFIG = Path(__file__).parents[2] / "config"
BLOCK_S, STEP_S, DAY_S = 600, 60.0, 86_400
FIXED = {"import_ct_kwh": 30.0, "export_ct_kwh": 8.0}
SURCHARGES = {"surcharges_ct_kwh": {"grid_fee": 10.0}, "vat_pct": 20.0}
DYNAMIC = {"day_ahead": {"source": "energy_charts"} | SURCHARGES}
SOLD = {"export": {"kind": "day_ahead", "fee_ct_kwh": 1.0, "unpaid_when_negative": "quarter_hour"}}


class Auctions:
    """The market: tells today and, from one o'clock on, tomorrow; ``down`` says why it does not."""

    def __init__(self, clock: HeldClock) -> None:
        self.clock, self.down, self.asked_s = clock, "", list[float]()

    def __call__(self, _url: str, **_asked: Any) -> bytes:
        now_s = self.clock.now()
        self.asked_s.append(now_s)
        if self.down:
            raise FetchError(self.down)
        now = dt.datetime.fromtimestamp(now_s, MARKET)
        days = 2 if now.hour >= 13 else 1
        dates = [(now.date() + dt.timedelta(days=day)).isoformat() for day in (0, days)]
        return market.energy_charts(priced(*dates))


class House:
    """A house with a tariff; it lives on when started anew, with the same clock and store."""

    def __init__(self, directory: Path, clock: HeldClock, fetch: Fetch, *kinds: dict[str, Any]) -> None:
        tariff: dict[str, Any] = dict(FIXED)
        for kind in kinds:
            tariff |= kind
        self.site: Site = load_config(CONFIG).site.model_copy(update={"tariff": Tariff.model_validate(tariff)})
        self.clock, self.fetch, self.directory = clock, fetch, directory
        self.store: FeedsStore | None = None
        self.start()

    def start(self, executor: Executor | None = None) -> None:
        self.close()
        self.store = FeedsStore(self.directory / "feeds.sqlite")
        self.errands = Errands(executor or AtOnce())
        means = Means(self.clock, self.store, self.errands, self.fetch, token=lambda name: f"token of {name}")
        self.feed = TariffFeed(self.site, means, BLOCK_S)
        self.step()

    def close(self) -> None:
        """As its process ends; no two have the store open at once."""
        if self.store is not None:
            self.store.close()

    def step(self) -> None:
        """Two steps of its process: what is asked in the first is heard in the second."""
        for _ in range(2):
            self.errands.step()
            self.feed.step()

    def live(self, seconds: float, step_s: float = STEP_S) -> None:
        for _ in range(round(seconds / step_s)):
            self.clock.advance(step_s)
            self.step()

    def live_until(self, text: str) -> None:
        self.live(at_s(text) - self.clock.now())

    def told(self) -> dict[str, Telemetry]:
        told = {signal: telemetry for _device, signal, telemetry in self.feed.told()}
        assert all(telemetry.encode() for telemetry in told.values())
        return told


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(wall_s=at_s("2025-11-20 10:05"))


@pytest.fixture
def auctions(clock: HeldClock) -> Auctions:
    return Auctions(clock)


@pytest.fixture
def house(tmp_path: Path, clock: HeldClock, auctions: Auctions) -> House:
    return House(tmp_path, clock, auctions, DYNAMIC)


def curve(telemetry: Telemetry) -> list[float]:
    assert isinstance(telemetry.value, list)
    return [value for value in telemetry.value if isinstance(value, float)]


def gross(start_s: float) -> float:
    """What a block costs that lies in one quarter of an hour."""
    quarter_s = int(start_s - start_s % 900)
    return round((price_at(quarter_s) * 0.1 + 10) * 1.2, 4)


def test_a_fixed_tariff_has_two_prices_no_curves_and_no_age(
    tmp_path: Path, clock: HeldClock, auctions: Auctions
) -> None:
    house = House(tmp_path, clock, auctions)
    house.live(3600)
    told = house.told()
    assert {name: one.value for name, one in told.items()} == {
        "import_price_ct_kwh": 30.0,
        "export_price_ct_kwh": 8.0,
    }
    assert {(one.source, one.age_s) for one in told.values()} == {("fixed tariff", 0.0)}
    assert auctions.asked_s == []


def test_a_time_of_use_tariff_has_its_curve(tmp_path: Path, clock: HeldClock, auctions: Auctions) -> None:
    night = {"from": "22:00", "to": "06:00", "import_ct_kwh": 20.0}
    house = House(tmp_path, clock, auctions, {"time_of_use": [night]})
    told = house.told()
    prices = told["import_prices_ct_kwh"]
    assert prices.first_block == at_s("2025-11-20 10:00") // BLOCK_S
    assert curve(prices) == [30.0] * 72 + [20.0] * 48 + [30.0] * 24
    assert {prices.source, told["import_price_ct_kwh"].source} == {"time of use"}
    assert "export_prices_ct_kwh" not in told
    assert auctions.asked_s == []


def test_the_prices_of_the_market_and_then_the_fixed_one(house: House) -> None:
    told = house.told()
    begins_s = at_s("2025-11-20 10:00")
    prices = told["import_prices_ct_kwh"]
    assert prices.first_block == begins_s // BLOCK_S
    assert prices.source == "energy-charts until 2025-11-21 00:00, then fixed price"
    values = curve(prices)
    assert len(values) == DAY_S // BLOCK_S
    assert values[0] == told["import_price_ct_kwh"].value == gross(begins_s)
    assert values[1] == pytest.approx((gross(begins_s) + gross(begins_s + 900)) / 2)
    assert values[14 * 6 :] == [30.0] * 60
    assert told["export_price_ct_kwh"].value == 8.0
    assert house.feed.problem() == ""


def test_in_the_afternoon_the_curve_reaches_to_the_end_of_tomorrow(house: House) -> None:
    house.live_until("2025-11-20 13:30")
    prices = house.told()["import_prices_ct_kwh"]
    assert len(curve(prices)) == (10.5 + 24) * 6
    assert 30.0 not in curve(prices)
    assert prices.source == "energy-charts until 2025-11-22 00:00, then fixed price"


def test_what_is_sold_at_the_market_earns_its_price_less_a_fee_or_nothing(
    tmp_path: Path, clock: HeldClock, auctions: Auctions
) -> None:
    terms = {"source": "energy_charts", "for_import": False}
    house = House(tmp_path, clock, auctions, {"day_ahead": terms}, SOLD)
    told = house.told()
    assert told["import_price_ct_kwh"].value == 30.0
    assert told["import_price_ct_kwh"].source == "fixed tariff"
    assert "import_prices_ct_kwh" not in told
    earned = curve(told["export_prices_ct_kwh"])
    assert earned[0] == 8.0, "80 + 10 EUR/MWh less a cent"
    assert earned[12:30] == [0.0] * 18, "from noon to three the market's price is negative"
    assert earned[-1] == 8.0, "the fixed price beyond the market's"


def test_the_hours_of_the_day_for_what_is_bought_and_the_market_for_what_is_sold(
    tmp_path: Path, clock: HeldClock, auctions: Auctions
) -> None:
    night = {"from": "22:00", "to": "06:00", "import_ct_kwh": 20.0}
    terms = {"source": "energy_charts", "for_import": False}
    house = House(tmp_path, clock, auctions, {"time_of_use": [night], "day_ahead": terms}, SOLD)
    house.live(3600)
    told = house.told()
    assert curve(told["import_prices_ct_kwh"])[66] == 20.0
    assert (told["import_prices_ct_kwh"].source, told["import_price_ct_kwh"].age_s) == ("time of use", 0.0)
    assert curve(told["export_prices_ct_kwh"])[6] == 0.0
    assert told["export_price_ct_kwh"].source == "energy-charts"
    assert told["export_price_ct_kwh"].age_s == 3600


def test_it_asks_once_at_the_start_and_once_when_tomorrow_is_published(house: House, auctions: Auctions) -> None:
    house.live(3 * DAY_S)
    published = [at_s(f"2025-11-{day} 13:00") + Schedule("home").jitter_s for day in (20, 21, 22)]
    assert auctions.asked_s[0] == at_s("2025-11-20 10:05")
    assert auctions.asked_s[1:] == pytest.approx(published, abs=2 * STEP_S)


def test_while_it_is_told_no_more_it_asks_ever_more_seldom(house: House, auctions: Auctions) -> None:
    auctions.down = "market.example answered with status 500"
    house.live_until("2025-11-21 12:00")
    waits = [later - earlier for earlier, later in zip(auctions.asked_s[1:], auctions.asked_s[2:], strict=False)]
    assert waits[:4] == pytest.approx([FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S, LAST_WAIT_S], abs=STEP_S)
    assert waits[4:] == pytest.approx([LAST_WAIT_S] * len(waits[4:]), abs=STEP_S)
    assert min(waits) >= FIRST_WAIT_S


def test_a_process_that_starts_over_and_over_asks_no_oftener(house: House, auctions: Auctions) -> None:
    auctions.down = "market.example answered with status 500"
    house.live_until("2025-11-20 13:20")
    before = len(auctions.asked_s)
    for _ in range(120):
        house.clock.advance(60)
        house.start()
    assert len(auctions.asked_s) - before == pytest.approx(7200 / FIRST_WAIT_S, abs=1)


def test_houses_ask_spread_over_a_quarter_of_an_hour_each_at_its_own_moment() -> None:
    moments = {Schedule(f"house{number}").jitter_s for number in range(200)}
    assert len(moments) > 150
    assert all(0 <= moment < SPREAD_S for moment in moments)
    assert Schedule("home").jitter_s == Schedule("home").jitter_s


@pytest.mark.parametrize(("date", "hours"), [("2025-03-30", 23), ("2025-10-26", 25)])
def test_on_days_of_23_and_25_hours_every_block_has_its_price(tmp_path: Path, date: str, hours: int) -> None:
    before = (dt.date.fromisoformat(date) - dt.timedelta(days=1)).isoformat()
    clock = HeldClock(wall_s=at_s(f"{before} 13:30"))
    house = House(tmp_path, clock, Auctions(clock), DYNAMIC)
    prices = house.told()["import_prices_ct_kwh"]
    first_s, values = clock.now() - clock.now() % BLOCK_S, curve(prices)
    assert len(values) == (10.5 + hours) * 6
    assert [values[at] for at in range(0, len(values), 3)] == [
        gross(first_s + at * BLOCK_S) for at in range(0, len(values), 3)
    ]
    house.live(DAY_S + 7200, 300)
    assert auctions_asked(house) == 2


def auctions_asked(house: House) -> int:
    assert isinstance(house.fetch, Auctions)
    return len(house.fetch.asked_s)


def test_after_a_restart_the_kept_prices_serve_and_nobody_is_asked(house: House, auctions: Auctions) -> None:
    house.live_until("2025-11-20 18:00")
    before, asked = house.told(), len(auctions.asked_s)
    auctions.down = "market.example cannot be reached"
    house.clock.boot_s = 12.0
    house.start()
    after = house.told()
    assert {name: one.value for name, one in after.items()} == {name: one.value for name, one in before.items()}
    assert after["import_price_ct_kwh"].age_s == pytest.approx(before["import_price_ct_kwh"].age_s, abs=1)
    assert len(auctions.asked_s) == asked
    assert house.feed.problem() == ""


@pytest.mark.parametrize("text", ["", "[]", '{"products": [[1, 2, 3, null]]}', '{"products": [["a"]]}', "{"])
def test_kept_prices_that_cannot_be_used_are_forgotten(
    house: House, auctions: Auctions, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    house.store.keep("prices energy_charts DE-LU", house.clock.now(), text)
    auctions.down = "market.example cannot be reached"
    with caplog.at_level(logging.WARNING):
        house.start()
    assert "cannot be used" in caplog.text
    assert house.told()["import_price_ct_kwh"].value == 30.0


def test_prices_of_another_source_or_zone_are_not_taken_for_its_own(
    tmp_path: Path, house: House, auctions: Auctions, clock: HeldClock
) -> None:
    auctions.down = "market.example cannot be reached"
    house.close()
    french = House(tmp_path, clock, auctions, {"day_ahead": {"source": "energy_charts", "zone": "FR"}})
    assert french.told()["import_price_ct_kwh"].value == 30.0
    assert house.told()["import_price_ct_kwh"].value != 30.0


def test_a_month_without_a_network(house: House, auctions: Auctions) -> None:
    """Prices go on, their age grows, and what holds and why is said every day."""
    house.live_until("2025-11-20 13:30")
    learned_s = auctions.asked_s[-1]
    auctions.down = "api.energy-charts.info cannot be reached (ConnectError)"
    learned = dt.datetime.fromtimestamp(learned_s, MARKET).strftime("%Y-%m-%d %H:%M")
    sentence = (
        f"fixed price since 2025-11-22 00:00: energy-charts has not answered since {learned} "
        "(api.energy-charts.info cannot be reached (ConnectError))"
    )
    house.live_until("2025-11-21 14:00")
    assert house.feed.problem() == (
        "api.energy-charts.info cannot be reached (ConnectError); prices are known until 2025-11-22 00:00, "
        "then the fixed price holds"
    )
    for day in range(30):
        house.live(DAY_S, 600)
        told = house.told()
        for name in ("import_price_ct_kwh", "import_prices_ct_kwh"):
            assert told[name].age_s == pytest.approx(house.clock.now() - learned_s, abs=2 * STEP_S), name
            assert told[name].source == sentence
        assert told["import_price_ct_kwh"].value == 30.0
        assert curve(told["import_prices_ct_kwh"]) == [30.0] * 144
        assert house.feed.problem() == sentence
        assert len(auctions.asked_s) < 20 + 13 * (day + 1), "no more than every two hours"
    auctions.down = ""
    house.live(LAST_WAIT_S)
    assert house.feed.problem() == ""
    assert house.told()["import_price_ct_kwh"].source == "energy-charts"


def test_a_house_that_was_never_answered_says_so(tmp_path: Path, clock: HeldClock, auctions: Auctions) -> None:
    auctions.down = "market.example did not answer within 10 s"
    house = House(tmp_path, clock, auctions, DYNAMIC)
    assert house.feed.problem() == (
        "fixed price since 2025-11-20 10:05: energy-charts has not answered yet "
        "(market.example did not answer within 10 s)"
    )
    house.live(3600)
    assert house.told()["import_price_ct_kwh"].age_s == 3600


def test_a_market_that_tells_tomorrow_late_is_a_word_in_the_evening(house: House, auctions: Auctions) -> None:
    today = market.energy_charts(priced("2025-11-20", "2025-11-21"))
    house.feed._market._means = Means(house.clock, house.store, house.errands, lambda *_a, **_k: today)  # type: ignore[union-attr]
    house.live_until("2025-11-20 17:50")
    assert house.feed.problem() == ""
    house.live_until("2025-11-20 18:10")
    assert house.feed.problem() == (
        "energy-charts tells no prices after 2025-11-21 00:00; from then on the fixed price holds"
    )
    assert len(auctions.asked_s) == 1


def test_a_gap_has_the_fixed_price_and_says_so(tmp_path: Path, clock: HeldClock) -> None:
    gap_s = at_s("2025-11-20 11:00")
    told = [one for one in priced("2025-11-20", "2025-11-22") if not gap_s <= one[0] < gap_s + 1800]
    house = House(tmp_path, clock, lambda *_a, **_k: market.energy_charts(told), DYNAMIC)
    values = curve(house.told()["import_prices_ct_kwh"])
    assert [index for index, value in enumerate(values) if value == 30.0] == [6, 7, 8]
    house.live_until("2025-11-20 11:10")
    assert house.told()["import_price_ct_kwh"].source == "fixed price: energy-charts tells none for this time"
    assert house.feed.problem() == "fixed price: energy-charts tells none for this time"
    house.live_until("2025-11-20 11:40")
    assert house.told()["import_price_ct_kwh"].source == "energy-charts"


def test_fewer_prices_than_are_known_replace_none(house: House, auctions: Auctions) -> None:
    house.live_until("2025-11-20 13:30")
    known = house.told()["import_prices_ct_kwh"]
    house.clock.advance(DAY_S)  # the next afternoon: it asks again, and is told a few hours of today
    today = market.energy_charts(priced("2025-11-21", "2025-11-22")[:60])
    house.feed._market._means = Means(house.clock, house.store, house.errands, lambda *_a, **_k: today)  # type: ignore[union-attr]
    house.step()
    assert "tells fewer prices than it did before; those are kept" in house.feed.problem()
    assert curve(house.told()["import_prices_ct_kwh"])[:63] == curve(known)[144:]
    assert len(auctions.asked_s) == 2


def test_the_loop_never_waits_for_an_answer(tmp_path: Path, clock: HeldClock, auctions: Auctions) -> None:
    house = House(tmp_path, clock, auctions, DYNAMIC)
    (tmp_path / "feeds.sqlite").unlink()
    executor = WhenTold()
    house.start(executor)
    house.live(4 * 3600)
    assert len(executor.waiting) == 1
    assert house.told()["import_price_ct_kwh"].value == 30.0
    executor.do()
    house.step()
    assert house.told()["import_price_ct_kwh"].source == "energy-charts"


def test_a_store_that_fails_costs_the_memory_and_not_the_prices(
    house: House, auctions: Auctions, caplog: pytest.LogCaptureFixture
) -> None:
    house.close()
    house.store._database.init("/nowhere/feeds.sqlite")
    with caplog.at_level(logging.WARNING):
        house.live_until("2025-11-20 13:30")
    assert "will not outlive a restart" in caplog.text
    assert len(auctions.asked_s) == 2
    assert house.told()["import_prices_ct_kwh"].source == "energy-charts until 2025-11-22 00:00, then fixed price"


def test_a_clock_that_is_set_makes_it_ask_for_the_right_day(house: House, auctions: Auctions) -> None:
    house.clock.wall_s += 10 * DAY_S
    house.live(FIRST_WAIT_S)
    assert len(auctions.asked_s) == 2
    assert house.told()["import_price_ct_kwh"].source == "energy-charts"
    house.clock.wall_s -= 20 * DAY_S
    house.live(FIRST_WAIT_S)
    assert house.told()["import_price_ct_kwh"].source == "energy-charts"
    assert house.told()["import_price_ct_kwh"].age_s <= FIRST_WAIT_S


# What a server may do wrong, from its socket to the words.


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with local_server() as server:
        yield server


def endless(say: Say) -> None:
    say(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        say(b"[" * 1000)


DAY, NEXT, AFTER = "2025-11-20", "2025-11-21", "2025-11-22"
TODAY = priced(DAY, NEXT)
GOOD = market.energy_charts(TODAY)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (answer(b"", "500 Internal Server Error"), "127.0.0.1 answered with status 500"),
        (answer(b"", "404 Not Found"), "127.0.0.1 answered with status 404"),
        (answer(GOOD, "302 Found", "Location: /elsewhere"), "127.0.0.1 answered with status 302"),
        (answer(b"<html><body>Please stand by</body></html>"), "energy-charts did not send JSON"),
        (answer(GOOD[:-20]), "energy-charts did not send JSON"),
        (lambda say: say(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + GOOD), "RemoteProtocolError"),
        (answer(b""), "energy-charts did not send JSON"),
        (answer(market.energy_charts([])), "energy-charts tells no prices"),
        (answer(GOOD.replace(b"80.0", b"NaN")), "energy-charts did not send JSON"),
        (answer(market.energy_charts([*TODAY[:9], (TODAY[8][0], 1.0), *TODAY[9:]])), "two prices for"),
        (answer(market.energy_charts(TODAY[::-1])), "prices out of order"),
        (answer(market.energy_charts([(at, price * 1000) for at, price in TODAY])), "which cannot be"),
        (answer(market.energy_charts(priced("2025-11-19", DAY))), "this house's clock is wrong"),
        (answer(market.energy_charts(priced(NEXT, AFTER))), "this house's clock is wrong"),
        (answer(market.energy_charts(priced(DAY, "2025-11-25"))), "no auction has made yet"),
        (answer(market.energy_charts(TODAY, unit="EUR / kWh")), "not in EUR/MWh"),
        (endless, "sent more than 0.2 MB"),
    ],
)
def test_whatever_the_server_does_the_fixed_price_holds_and_why_is_said(
    tmp_path: Path, clock: HeldClock, server: LocalServer, script: Script, why: str
) -> None:
    server.script = script
    fetch = server.instead_of_the_world(web_fetch(limits=Limits(max_bytes=200_000)))
    house = House(tmp_path, clock, fetch, DYNAMIC)
    assert why in house.feed.problem()
    assert house.feed.problem().startswith(
        "fixed price since 2025-11-20 10:05: energy-charts has not answered yet ("
    )
    assert house.told()["import_price_ct_kwh"].value == 30.0
    server.script = answer(GOOD, "200 OK", "Content-Type: text/plain")
    house.live(FIRST_WAIT_S)
    assert house.feed.problem() == ""
    assert house.told()["import_price_ct_kwh"].value == gross(clock.now() - clock.now() % BLOCK_S)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("tibber", market.tibber(market.tibber_home(TODAY))),
        ("entsoe", market.entsoe(market.entsoe_series(TODAY, midnight_s(NEXT)))),
    ],
)
def test_a_token_is_told_to_its_source_and_to_nobody_else(  # noqa: PLR0913, PLR0917  four are fixtures
    tmp_path: Path,
    clock: HeldClock,
    server: LocalServer,
    caplog: pytest.LogCaptureFixture,
    source: str,
    body: bytes,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = answer(body)
    kind = {"day_ahead": {"source": source, "secret": "mine"}}
    house = House(tmp_path, clock, server.instead_of_the_world(web_fetch()), kind)
    assert house.told()["import_price_ct_kwh"].source == source
    assert "token" in server.asked[0]
    server.script = answer(b"token of mine", "403 Forbidden")
    house.live_until("2025-11-21 09:00")
    assert "answered with status 403" in house.feed.problem()
    said = caplog.text + house.feed.problem() + repr(vars(house.feed._market)) + str(house.told())
    assert "token of mine" not in said
    assert b"token of mine" not in (tmp_path / "feeds.sqlite").read_bytes()


def test_a_token_that_is_not_there_is_missed_in_words_until_it_is(
    tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITGRID_SECRETS_DIR", str(tmp_path / "secrets"))
    store, errands = FeedsStore(tmp_path / "feeds.sqlite"), Errands(AtOnce())
    tariff = Tariff.model_validate(FIXED | {"day_ahead": {"source": "tibber", "secret": "mine"}})
    site = load_config(CONFIG).site.model_copy(update={"tariff": tariff})
    body = market.tibber(market.tibber_home(TODAY))
    feed = TariffFeed(site, Means(clock, store, errands, lambda *_a, **_k: body), BLOCK_S)
    feed.step()
    errands.step()
    assert "the token of tibber: " in feed.problem()
    assert "cannot be read: No such file" in feed.problem()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "mine").write_text("t")
    (tmp_path / "secrets" / "mine").chmod(0o600)
    clock.advance(FIRST_WAIT_S)
    feed.step()
    errands.step()
    feed.step()
    assert feed.problem() == ""
