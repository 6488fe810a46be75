from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import CommandReply, DecisionEvent, ExplainSession, Received, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Site, load_config
from bitgrid.explain import Narrator
from bitgrid.kernel import EnergyState, Level, LoadMemory, LoadProfile, RuleSet, Signal, decide, decision_record

TOPICS = Topics("home")


@pytest.fixture
def site() -> Site:
    return load_config(Path(__file__).parents[2] / "config").site


def decision() -> DecisionEvent:
    state = EnergyState(1_750_068_000, 2_916_780, signals={"grid_power_w": Signal(-1860)})
    profile = LoadProfile("miner", (Level("full", 1674, 1500),))
    return DecisionEvent(
        id="d1", load="miner", record=decision_record(decide(state, LoadMemory(), RuleSet(), profile))
    )


def sessions(bus: MemoryBus) -> list[ExplainSession]:
    heard: list[ExplainSession] = []

    def note(received: Received) -> None:
        session = decode(ExplainSession, received.payload)
        assert session is not None
        heard.append(session)

    bus.subscribe(TOPICS.session, note)
    return heard


def test_each_decision_is_said_in_both_languages(site: Site) -> None:
    bus = MemoryBus()
    heard = sessions(bus)
    Narrator(site, bus)
    bus.publish(TOPICS.decision, decision(), retain=True)
    (session,) = heard
    assert session.decision_id == "d1"
    assert session.at_s == 1_750_068_000
    assert session.texts["en"]["short"].startswith("The sun leaves")
    assert session.texts["de"]["short"].startswith("Die Sonne lässt")


def test_a_decision_kept_by_the_broker_is_said_after_a_restart(site: Site) -> None:
    bus = MemoryBus()
    bus.publish(TOPICS.decision, decision(), retain=True)
    heard = sessions(bus)
    Narrator(site, bus)
    assert [session.decision_id for session in heard] == ["d1"]


def test_with_a_clock_a_session_tells_when_it_was_said(site: Site) -> None:
    bus, clock = MemoryBus(), HeldClock(wall_s=1_750_068_002.5)
    heard = sessions(bus)
    Narrator(site, bus, clock=clock)
    bus.publish(TOPICS.decision, decision(), retain=True)
    assert [session.at_s for session in heard] == [1_750_068_002.5]


def test_what_is_no_decision_is_told_as_health_once(site: Site) -> None:
    bus = MemoryBus()
    heard = sessions(bus)
    narrator = Narrator(site, bus)
    bus.publish(TOPICS.decision, CommandReply(request_id="x", accepted=True, code="C", text=""))
    bus.publish(TOPICS.decision, DecisionEvent(id="d2", load="miner", record={"code": "R1_SURPLUS_OK"}))
    assert heard == []
    with pytest.raises(ValueError, match="2 message"):
        narrator.step()
    narrator.step()
