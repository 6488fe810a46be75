"""Whatever is said on the topics of wishes: nothing breaks, and no load is named that the house does not have."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgrid.bus import OverrideRequest, Received, decode
from ha.house import BridgedHouse, with_home_assistant

TOPICS = st.sampled_from(["override", "export", "autonomy", "estop", "", "a/b"])
ALMOST = st.fixed_dictionaries(
    {
        "load": st.sampled_from(["miner", "#", "+", "", "x" * 40]),
        "action": st.sampled_from(["stop", "level", "end"]),
    },
    optional={"level": st.text(max_size=40), "duration_min": st.integers() | st.floats() | st.text(max_size=5)},
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PAYLOADS = st.binary(max_size=1200) | (ALMOST | ANYTHING).map(lambda told: repr(told).replace("'", '"').encode())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TOPICS, PAYLOADS), max_size=5))
def test_nothing_that_is_said_breaks_the_bridge(said: list[tuple[str, bytes]]) -> None:
    house = BridgedHouse(with_home_assistant())
    asked: list[Received] = []
    house.inside.subscribe("bitgrid/home/cmd/#", asked.append)
    for topic, payload in said:
        house.commands.take(Received(house.topics.ha("cmd", topic), payload, retained=False))
    for received in asked:
        request = decode(OverrideRequest, received.payload)
        assert received.topic == house.topics.override
        assert request is not None
        assert request.actor == "home_assistant"
    assert {told["event_type"] for told in house.all("answer")} <= {"refused", "no_answer"}
