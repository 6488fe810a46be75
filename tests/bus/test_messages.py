from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.bus import (
    DecisionEvent,
    Health,
    HealthStatus,
    LoadCommand,
    Message,
    OverrideRequest,
    Telemetry,
    Topics,
    decode,
)
from bitgrid.bus.memory import MemoryBus
from bitgrid.bus.messages import MAX_MESSAGE_BYTES

TOPICS = Topics("home")
OK = Health(status=HealthStatus.OK, reason="", instance="x")


class TestDecode:
    def test_gives_back_what_was_encoded(self) -> None:
        told = Telemetry(value=[1.0, 2.0], source="forecast", age_s=3.5)
        assert decode(Telemetry, told.encode()) == told

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"null",
            b"[]",
            b"\xff",
            b'{"schema":2,"value":1,"source":"x"}',
            b'{"schema":1,"value":NaN,"source":"x"}',
            b'{"schema":1,"value":Infinity,"source":"x"}',
            b'{"schema":1,"value":1e999,"source":"x"}',
            b'{"schema":1,"value":1,"source":"x","age_s":-1}',
            b'{"schema":1,"value":1,"source":"x","more":1}',
            b"[" * 100_000,
            b" " * (MAX_MESSAGE_BYTES + 1),
        ],
    )
    def test_refuses_what_is_not_a_message_without_an_exception(self, payload: bytes) -> None:
        assert decode(Telemetry, payload) is None

    @pytest.mark.parametrize("head", ['{"seq":0,"hash":"%s"}' % ("a" * 64), '{"seq":1,"hash":"A"}', '{"seq":1}'])
    def test_a_decision_with_a_head_that_is_none_is_no_message(self, head: str) -> None:
        payload = f'{{"schema":1,"id":"d","load":"miner","record":{{}},"head":{head}}}'.encode()
        assert decode(DecisionEvent, payload) is None

    @given(
        st.binary(max_size=300)
        | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())
    )
    def test_never_raises(self, payload: bytes) -> None:
        for model in (Telemetry, Health, LoadCommand, OverrideRequest):
            decoded = decode(model, payload)
            assert decoded is None or isinstance(decoded, Message)


class TestTopics:
    def test_telemetry_is_taken_apart(self) -> None:
        assert TOPICS.parse_telemetry(TOPICS.telemetry("meter", "grid_power_w")) == ("meter", "grid_power_w")

    @pytest.mark.parametrize(
        "topic", ["bitgrid/other/telemetry/a/b", "bitgrid/home/telemetry/a", "bitgrid/home/telemetry/a/b/c", ""]
    )
    def test_other_topics_are_not(self, topic: str) -> None:
        assert TOPICS.parse_telemetry(topic) is None


class TestMemoryBus:
    def test_delivers_by_pattern_and_in_order(self) -> None:
        bus, heard = MemoryBus(), []
        bus.subscribe("bitgrid/home/health/+", lambda received: heard.append(received.topic))
        bus.publish(TOPICS.health("a"), OK)
        bus.publish(TOPICS.reply, OK)
        bus.publish(TOPICS.health("b"), OK)
        assert heard == [TOPICS.health("a"), TOPICS.health("b")]

    def test_marks_what_was_retained(self) -> None:
        bus, heard = MemoryBus(), []
        bus.publish(TOPICS.health("a"), OK, retain=True)
        bus.publish(TOPICS.health("b"), OK)
        bus.subscribe("#", lambda received: heard.append((received.topic, received.retained)))
        assert heard == [(TOPICS.health("a"), True)]

    def test_a_message_from_a_handler_waits_its_turn(self) -> None:
        bus, heard = MemoryBus(), []

        def first(_received: object) -> None:
            heard.append("first")
            bus.publish(TOPICS.health("b"), OK)
            heard.append("first done")

        bus.subscribe(TOPICS.health("a"), first)
        bus.subscribe(TOPICS.health("b"), lambda _: heard.append("second"))
        bus.publish(TOPICS.health("a"), OK)
        assert heard == ["first", "first done", "second"]

    def test_drops_what_is_said_while_away_or_too_late(self) -> None:
        bus, heard = MemoryBus(), []
        bus.subscribe("#", lambda received: heard.append(received.topic))
        bus.publish(TOPICS.reply, OK, expiry_s=0)
        bus.is_connected = False
        bus.publish(TOPICS.reply, OK)
        assert heard == []
