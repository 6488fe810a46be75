"""Lines of the fail-safe that no other room's tests hold."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import bitgrid
from bitgrid.bus import Health, HealthStatus, LoadCommand, Quality, Received, Telemetry, Topics
from bitgrid.bus.client import MqttBus
from bitgrid.clock import SystemClock
from bitgrid.config import ConfigError, load_config
from bitgrid.devices.registry import EXCHANGE_S
from bitgrid.guard.link import LocalSocket, Renew
from bitgrid.services import rules
from bitgrid.services.guard import build
from bitgrid.store import EventRow, Ledger
from broker import Broker, eventually
from control.desk import CONFIG_DIRECTORY, Desk
from devices.load_bench import TOPICS, Bench

DAY_S = 86_400


@pytest.fixture
def running(tmp_path: Path) -> Desk:
    """The miner has just started on surplus."""
    desk = Desk(tmp_path)
    desk.pass_time(2)
    assert desk.actions == [("START", "R1_SURPLUS_OK")]
    desk.measure(power_w=1674.0, temp_c=60.0)
    desk.pass_time(2)
    return desk


def test_from_a_renewal_to_the_end_of_the_lease_it_is_45_seconds(running: Desk) -> None:
    running.guard_alive = False  # no further renewal
    renewal = running.guard.of(Renew)[-1]
    assert renewal.expires_boot_s - running.engine.leases.of("miner").renewed_boot_s == 45


@pytest.mark.parametrize("step_s", [DAY_S, -DAY_S])
def test_a_step_of_the_wall_clock_neither_prolongs_nor_ends_a_lease(step_s: int) -> None:
    bench = Bench()
    bench.run()
    bench.send("full")
    bench.clock.wall_s += step_s
    bench.live(44)
    assert bench.miner.level is not None
    bench.live(2)
    assert bench.miner.level is None


def test_what_may_not_be_renewed_is_not_though_nothing_has_stopped_it_yet(running: Desk) -> None:
    running.silence("grid_power_w")
    missing = Telemetry(value=None, quality=Quality.MISSING, source="meter")
    topic = running.topics.telemetry("meter", "grid_power_w")
    running.engine.on_telemetry(Received(topic, missing.encode(), retained=False))
    sent = len(running.guard.of(Renew))
    running.pass_time(40)
    assert len(running.actions) == 1
    assert len(running.guard.of(Renew)) == sent


@pytest.mark.parametrize("who", ["loads", "guard"])
def test_without_both_heartbeats_no_lease_is_renewed_though_nothing_has_stopped_it(
    running: Desk, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setattr(running.engine, "protect", lambda _load: None)
    running.loads_alive, running.guard_alive = who != "loads", who != "guard"
    running.pass_time(20)
    sent = len(running.guard.of(Renew))
    running.pass_time(60)
    assert len(running.actions) == 1
    assert len(running.guard.of(Renew)) == sent


def test_a_heartbeat_that_the_broker_kept_is_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.loads_alive = False
    health = Health(status=HealthStatus.OK, reason="", instance="loads-1").encode()
    for _ in range(30):
        desk.engine.on_loads_health(Received(desk.topics.health("loads"), health, retained=True))
        desk.pass_time(1)
    assert desk.actions == []


def test_every_command_expires_at_the_broker_with_its_lease(
    running: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[str, float | None]] = []
    publish = running.bus.publish

    def remember(topic: str, message: LoadCommand, *, retain: bool = False, expiry_s: float | None = None) -> None:
        if topic == running.topics.command("miner"):
            assert not retain
            kept.append((message.level, expiry_s))
        publish(topic, message, retain=retain, expiry_s=expiry_s)

    monkeypatch.setattr(running.bus, "publish", remember)
    running.pass_time(20)
    running.measure(battery_soc_pct=49.0)
    running.pass_time(2)
    assert kept == [("full", pytest.approx(45)), ("off", pytest.approx(60))]


def test_what_was_said_while_a_client_was_away_is_not_kept_for_it(tmp_path: Path) -> None:
    broker, topics = Broker(tmp_path), Topics("home")
    will = Health(status=HealthStatus.ERROR, reason="gone", instance="test")

    def client(name: str) -> MqttBus:
        bus = MqttBus(name, "127.0.0.1", broker.port, will_topic=topics.health(name), will=will)
        bus.start()
        eventually(lambda: bus.is_connected, f"{name} is connected")
        return bus

    heard: list[bytes] = []
    sender, first = client("rules"), client("loads")
    first.subscribe(topics.reply, lambda received: heard.append(received.payload))
    first.stop()
    sender._client.publish(topics.reply, b"of the past", qos=1).wait_for_publish(5)
    second = client("loads")
    second.subscribe(topics.reply, lambda received: heard.append(received.payload))

    def hears() -> bool:
        sender._client.publish(topics.reply, b"of now", qos=1)
        return bool(heard)

    try:
        eventually(hears, "it hears what is said now")
        assert set(heard) == {b"of now"}
    finally:
        second.stop()
        sender.stop()
        broker.kill()


def test_a_late_stop_does_not_end_a_later_lease() -> None:
    bench = Bench()
    bench.run()
    late = bench.command("off", lease_s=1)
    bench.live(2)
    bench.agent.on_command(Received(TOPICS.command(late.load), late.encode(), retained=False))
    bench.live(2)
    assert bench.agent.details()["lease_id"] is not None


def test_a_record_is_on_the_disk_before_it_counts_as_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append_event(EventRow(1_750_000_000, "health", "{}"))
    assert ledger._connection is not None
    assert ledger._connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
    ledger.close()


def test_a_load_with_neither_relay_nor_the_owners_word_is_refused(tmp_path: Path) -> None:
    directory = Path(shutil.copytree(CONFIG_DIRECTORY, tmp_path / "config"))
    site = directory / "site.yaml"
    site.write_text(re.sub(r"^    relay: .*\n", "", site.read_text(), flags=re.MULTILINE))
    with pytest.raises(ConfigError, match="accept_no_relay"):
        load_config(directory)


def test_a_miner_that_never_answers_does_not_hold_up_the_guards_process(tmp_path: Path) -> None:
    config, clock = load_config(CONFIG_DIRECTORY), SystemClock()
    load = config.site.loads[0]
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = {"port": deaf.getsockname()[1]}
        there = {"miner": load.miner.model_copy(update=port), "relay": load.relay.model_copy(update=port)}
        site = config.site.model_copy(update={"loads": [load.model_copy(update=there)]})
        ear = LocalSocket(tmp_path / "guard.sock")
        built = build(
            replace(config, site=site), clock, frozenset(), ear, tmp_path / "rules.sock", threading.Event()
        )
        began_boot_s = clock.boot()
        built.step()
        took_s = clock.boot() - began_boot_s
        ear.close()
    assert took_s < EXCHANGE_S / 2


def test_nobody_but_the_guard_closes_a_relay() -> None:
    app = Path(bitgrid.__file__).parent
    users = {
        str(path.relative_to(app))
        for path in app.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "close_for"
    }
    assert users == {"guard/jobs.py"}


def test_the_stop_goes_out_within_a_second_of_the_report_of_heat(running: Desk) -> None:
    running.engine.step()
    told_boot_s = running.clock.boot()
    running.tell("miner", "temp_c", 85.1)
    running.clock.advance(rules.STEP_S)
    running.engine.step()
    assert running.commands[-1].level == "off"
    assert running.clock.boot() - told_boot_s < 1
