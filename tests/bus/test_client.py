from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.bus import Health, HealthStatus, Received, Topics
from bitgrid.bus.client import MqttBus
from broker import Broker, eventually

pytestmark = pytest.mark.system

TOPICS = Topics("home")


def health(reason: str = "") -> Health:
    return Health(status=HealthStatus.OK, reason=reason, instance="x")


def client(broker: Broker, name: str) -> MqttBus:
    bus = MqttBus(name, "127.0.0.1", broker.port, will_topic=TOPICS.health(name), will=health("gone"))
    bus.start()
    eventually(lambda: bus.is_connected, f"{name} is connected")
    return bus


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    process = Broker(tmp_path)
    yield process
    process.thaw()
    process.kill()


@pytest.fixture
def sender(broker: Broker) -> Iterator[MqttBus]:
    bus = client(broker, "sender")
    yield bus
    bus.stop()


@pytest.fixture
def heard(broker: Broker) -> Iterator[list[Received]]:
    bus, received = client(broker, "listener"), []
    bus.subscribe(TOPICS.health("+"), received.append)
    bus.publish(TOPICS.health("listener"), health("here"))
    eventually(lambda: bool(received), "the listener hears itself")
    received.clear()
    yield received
    bus.stop()


def test_what_is_said_is_heard(sender: MqttBus, heard: list[Received]) -> None:
    sender.publish(TOPICS.health("a"), health("hello"))
    eventually(lambda: bool(heard), "the message")
    assert heard[0] == Received(TOPICS.health("a"), health("hello").encode(), retained=False)


def test_what_was_kept_for_a_newcomer_says_so(broker: Broker, sender: MqttBus) -> None:
    sender.publish(TOPICS.health("a"), health(), retain=True)
    newcomer, received = client(broker, "newcomer"), []
    newcomer.subscribe(TOPICS.health("a"), received.append)
    eventually(lambda: bool(received), "the retained message")
    assert received[0].retained
    newcomer.stop()


def test_a_client_that_vanishes_has_its_last_will_said(broker: Broker, heard: list[Received]) -> None:
    vanishing = client(broker, "vanishing")
    vanishing._client.socket().close()
    eventually(lambda: any(b"gone" in message.payload for message in heard), "the last will")
    vanishing._client.loop_stop()


def test_a_client_that_leaves_properly_does_not(broker: Broker, sender: MqttBus, heard: list[Received]) -> None:
    client(broker, "leaving").stop()
    sender.publish(TOPICS.health("a"), health("after"))
    eventually(lambda: any(b"after" in message.payload for message in heard), "the message after")
    assert not any(b"gone" in message.payload for message in heard)


def test_only_a_broker_that_goes_is_called_lost(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    leaving, staying = client(broker, "leaving"), client(broker, "staying")
    with caplog.at_level(logging.WARNING):
        leaving.stop()
        assert "lost the broker" not in caplog.text
        broker.kill()
        eventually(lambda: "lost the broker" in caplog.text, "the loss is told")
    staying.stop()


def test_a_client_comes_back_by_itself_and_hears_again(
    broker: Broker, sender: MqttBus, heard: list[Received]
) -> None:
    broker.kill()
    eventually(lambda: not sender.is_connected, "the sender notices")
    sender.publish(TOPICS.health("a"), health("said while away"))
    broker.start()
    eventually(lambda: sender.is_connected, "the sender is back")

    def hears() -> bool:
        sender.publish(TOPICS.health("a"), health("back"))
        return any(b"back" in message.payload for message in heard)

    eventually(hears, "the listener hears again")
    assert not any(b"said while away" in message.payload for message in heard)


def test_a_handler_that_fails_does_not_make_the_client_deaf(broker: Broker, sender: MqttBus) -> None:
    bus, received = client(broker, "clumsy"), []

    def fail(_received: Received) -> None:
        raise ValueError("a handler failed")

    bus.subscribe(TOPICS.health("a"), fail)
    bus.subscribe(TOPICS.health("+"), received.append)

    def hears_on() -> bool:
        sender.publish(TOPICS.health("a"), health("again"))
        return len(received) > 3

    eventually(hears_on, "more than what came before the failure", 5)
    bus.stop()


def test_what_is_subscribed_while_the_connection_comes_up_is_heard(broker: Broker) -> None:
    bus = MqttBus("early", "127.0.0.1", broker.port, will_topic=TOPICS.health("early"), will=health("gone"))
    received: list[Received] = []

    class SubscribedMeanwhile(threading.Event):
        def set(self) -> None:
            bus.subscribe(TOPICS.health("+"), received.append)
            super().set()

    bus._connected = SubscribedMeanwhile()
    bus.start()
    eventually(lambda: bus.is_connected, "it is connected")

    def hears() -> bool:
        bus.publish(TOPICS.health("early"), health("here"))
        return bool(received)

    eventually(hears, "it hears itself", 5)
    bus.stop()


def test_a_message_that_has_expired_is_not_delivered(broker: Broker, sender: MqttBus) -> None:
    late = MqttBus("late", "127.0.0.1", broker.port, will_topic=TOPICS.health("late"), will=health("gone"))
    sender.publish(TOPICS.health("a"), health("expired"), retain=True, expiry_s=1)
    sender.publish(TOPICS.health("b"), health("lasting"), retain=True)
    sender.publish(TOPICS.health("c"), health("of the past"), retain=True, expiry_s=0)
    sentinel: list[Received] = []

    def is_gone() -> bool:
        """Ask the broker anew until the expired message is no longer handed out."""
        fresh, received = client(broker, "asker"), []
        fresh.subscribe(TOPICS.health("+"), received.append)
        eventually(lambda: any(b"lasting" in message.payload for message in received), "the lasting one")
        fresh.stop()
        sentinel[:] = received
        return not any(b"expired" in message.payload for message in received)

    eventually(is_gone, "the message expires")
    assert not any(b"of the past" in message.payload for message in sentinel)
    assert not late.is_connected
