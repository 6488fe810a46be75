"""`bitgrid ups`: against the whole house in one process, against a real broker, and called by a real upsmon."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from bitgrid.bus import CommandReply, Received, Topics, UpsReport, decode
from bitgrid.bus.client import MqttBus
from bitgrid.bus.memory import MemoryBus
from bitgrid.cli import main
from bitgrid.clock import HeldClock
from bitgrid.ops.ups import Status, UpsCall
from bitgrid.plant.faults import Fault
from broker import Broker, eventually
from near import EXAMPLES, of_schema
from ops.dummy_ups import IS_INSTALLED, DummyUps
from whole_house import WholeHouse

TOPICS = Topics("home")
NOON_S = 1_747_216_800.0
BITGRID = Path(sys.executable).with_name("bitgrid")


class LivingClock(HeldClock):
    """Waiting for an answer is the house's time, too."""

    live: Callable[[float], None]

    def wait(self, event: threading.Event, seconds: float) -> bool:
        for _second in range(round(seconds)):
            if event.is_set():
                break
            self.live(1.0)
            self.advance(1.0)
        return event.is_set()


def call(house: WholeHouse, status: Status) -> UpsCall:
    clock = LivingClock()
    clock.live = house.live
    return UpsCall(status, house.bus, house.topics, clock, "test")


@pytest.fixture
def house(tmp_path: Path) -> WholeHouse:
    """A sunny noon, the miner at work; the recorder answers as it does."""
    house = WholeHouse(tmp_path, NOON_S)

    def written(received: Received) -> None:
        report = decode(UpsReport, received.payload)
        if report is not None and report.status == "shutdown":
            reply = CommandReply(request_id=report.request_id, accepted=True, code="WRITTEN", text="")
            house.bus.publish(house.topics.reply, reply)

    house.bus.subscribe(house.topics.ups, written)
    house.live(900)
    assert house.miner_w > 700
    return house


def test_a_power_cut_puts_the_miner_off_and_its_end_lets_it_start_again(house: WholeHouse) -> None:
    assert call(house, "on_battery").wait(5) == []
    house.live(60)
    assert house.miner_w < 50
    assert house.switches[-1] == ("STOP", "R3_UPS_ON_BATTERY")
    house.start_rules()
    house.live(1800)
    assert house.miner_w < 50
    assert call(house, "online").wait(5) == []
    house.live(1800)
    assert house.miner_w > 700


def test_a_shutdown_returns_once_the_miner_truly_is_off_and_within_its_bound(house: WholeHouse) -> None:
    began_s = house.clock.now()
    assert call(house, "shutdown").wait(60) == []
    assert house.miner_w < 50
    assert house.clock.now() - began_s < 60


def test_a_miner_that_lies_about_being_off_holds_the_shutdown_until_its_relay_has_cut_it(
    house: WholeHouse,
) -> None:
    house.house.faults.add(Fault.MINER_IGNORES_STOP)
    assert call(house, "shutdown").wait(90) == []
    house.live(1)
    assert house.miner_w < 50


@pytest.mark.parametrize("gone", ["rules", "guard"])
def test_a_house_that_does_not_answer_is_named_within_the_bound(house: WholeHouse, gone: str) -> None:
    house.kill(gone)
    began_s = house.clock.now()
    assert call(house, "shutdown").wait(60) == ["no word that every load is off"]
    assert house.clock.now() - began_s == 60


def test_what_was_not_written_is_told() -> None:
    bus, clock = MemoryBus(), HeldClock()

    def answer(received: Received) -> None:
        report = decode(UpsReport, received.payload)
        assert report is not None
        for code, accepted in (("LOADS_OFF", True), ("WRITTEN", False)):
            reply = CommandReply(request_id=report.request_id, accepted=accepted, code=code, text="disk full")
            bus.publish(TOPICS.reply, reply)

    bus.subscribe(TOPICS.ups, answer)
    assert UpsCall("shutdown", bus, TOPICS, clock, "test").wait(60) == ["disk full"]
    assert clock.boot() == HeldClock().boot()


def test_what_was_written_before_the_loads_were_off_is_written_once_more() -> None:
    bus, clock, order = MemoryBus(), HeldClock(), []

    def answer(received: Received) -> None:
        report = decode(UpsReport, received.payload)
        assert report is not None
        for code in ("WRITTEN", "LOADS_OFF") if len(order) >= 2 else ("WRITTEN",):
            order.append(code)
            reply = CommandReply(request_id=report.request_id, accepted=True, code=code, text="")
            bus.publish(TOPICS.reply, reply)

    bus.subscribe(TOPICS.ups, answer)
    assert UpsCall("shutdown", bus, TOPICS, clock, "test").wait(60) == []
    assert order.index("LOADS_OFF") < len(order) - 1 - order[::-1].index("WRITTEN")


def test_it_is_told_again_until_the_broker_and_the_rules_are_there() -> None:
    bus, clock, told = MemoryBus(), HeldClock(), []
    bus.is_connected = False
    bus.subscribe(TOPICS.ups, told.append)
    assert UpsCall("online", bus, TOPICS, clock, "test").wait(5) == ["the rules did not answer"]
    assert told == []
    bus.is_connected = True
    UpsCall("online", bus, TOPICS, clock, "test").wait(5)
    assert len(told) == 3
    assert len({received.payload for received in told}) == 1


def test_an_answer_to_somebody_else_is_none() -> None:
    bus, clock = MemoryBus(), HeldClock()
    call = UpsCall("online", bus, TOPICS, clock, "test")
    stranger = CommandReply(request_id="other", accepted=True, code="UPS_ONLINE", text="")
    bus.publish(TOPICS.reply, stranger)
    assert call.wait(5) == ["the rules did not answer"]


@EXAMPLES
@given(of_schema(CommandReply.model_json_schema()))
def test_whatever_is_said_on_the_way_back_is_no_answer_to_this(payload: bytes) -> None:
    call = UpsCall("shutdown", MemoryBus(), TOPICS, HeldClock(), "test")
    call._on_reply(Received(TOPICS.reply, payload, retained=False))
    assert len(call.wait(5)) == 2


@EXAMPLES
@given(
    kind=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)
    | st.sampled_from(["onbatt", " ONBATT", "ONBATT ", "ONLINE\n", "FSD"]),
    message=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40),
)
def test_of_whatever_else_upsmon_says_the_house_is_told_nothing(kind: str, message: str) -> None:
    """It would end with 1 if it looked for the house, which is not there."""
    assume(kind not in {"ONLINE", "ONBATT", "LOWBATT"})
    done = CliRunner().invoke(
        main, ["ups", "notify", "--config", "/nowhere", "--", message], env={"NOTIFYTYPE": kind}
    )
    assert (done.exit_code, "was told nothing" in done.output) == (0, True), done.output


def test_without_a_broker_it_ends_with_1_and_says_so(config_dir: Path) -> None:
    arguments = ["ups", "on-battery", "--config", str(config_dir), "--timeout", "1"]
    done = CliRunner().invoke(main, arguments, env={"BITGRID_CLOCK": ""})
    assert done.exit_code == 1
    assert "127.0.0.1:18830: the rules did not answer" in done.output


def test_without_a_configuration_it_says_which_it_looked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["ups", "online", "--config", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "is no configuration of a house" in done.output


@pytest.fixture
def answering(tmp_path: Path, config_dir: Path) -> Iterator[list[str]]:
    """A real broker with somebody who answers as rules and recorder do; what was told."""
    broker, told = Broker(tmp_path), []
    site = config_dir / "site.yaml"
    bus = MqttBus("answering", "127.0.0.1", broker.port)

    def answer(received: Received) -> None:
        report = decode(UpsReport, received.payload)
        assert report is not None
        told.append(report.status)
        for code in ("UPS_ONLINE", "UPS_ON_BATTERY", "LOADS_OFF", "WRITTEN"):
            reply = CommandReply(request_id=report.request_id, accepted=True, code=code, text="")
            bus.publish(TOPICS.reply, reply)

    site.write_text(site.read_text().replace("18830", str(broker.port)))
    bus.subscribe(TOPICS.ups, answer)
    bus.start()
    eventually(lambda: bus.is_connected, "somebody answers")
    yield told
    bus.stop()
    broker.kill()


@pytest.mark.system
@pytest.mark.parametrize(
    ("word", "status", "said"),
    [
        ("online", "online", "mains power is back"),
        ("on-battery", "on_battery", "every load is stopped"),
        ("shutdown", "shutdown", "the computer may go down"),
    ],
)
def test_over_a_real_broker_it_ends_with_0(
    answering: list[str], config_dir: Path, word: str, status: str, said: str
) -> None:
    done = CliRunner().invoke(main, ["ups", word, "--config", str(config_dir)], env={"BITGRID_CLOCK": ""})
    assert (done.exit_code, answering) == (0, [status]), done.output
    assert said in done.output


@pytest.mark.system
@pytest.mark.parametrize(
    ("kind", "told"),
    [("ONBATT", ["on_battery"]), ("LOWBATT", ["on_battery"]), ("ONLINE", ["online"]), ("REPLBATT", []), ("", [])],
)
def test_upsmons_own_word_is_understood(
    answering: list[str], config_dir: Path, kind: str, told: list[str]
) -> None:
    arguments = ["ups", "notify", "--config", str(config_dir), "UPS dummy@localhost says something"]
    done = CliRunner().invoke(main, arguments, env={"BITGRID_CLOCK": "", "NOTIFYTYPE": kind})
    assert (done.exit_code, answering) == (0, told), done.output


@pytest.mark.system
@pytest.mark.skipif(not IS_INSTALLED, reason="nut-server and nut-client are not installed")
def test_a_real_upsmon_calls_it(answering: list[str], config_dir: Path, tmp_path: Path) -> None:
    with DummyUps(tmp_path / "nut", BITGRID, config_dir) as ups:
        ups.becomes("OB")
        eventually(lambda: "on_battery" in answering, "upsmon told of the power cut", within_s=40)
        ups.becomes("OL")
        eventually(lambda: "online" in answering, "upsmon told that power is back", within_s=40)
        ups.becomes("OB LB")
        eventually(ups.went_down.exists, "upsmon shut the computer down", within_s=60)
    assert "shutdown" in answering
