"""The two ends of the link, each with a clock of its own: what passes is dated right."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from bitgrid.bus import Health, HealthStatus, LoadCommand, Message, Received, Telemetry, Topics, decode
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.gateway.at_edge import EdgeEnd
from bitgrid.gateway.at_gateway import GatewayEnd
from bitgrid.gateway.clock_bounds import KNOWN_FOR_S
from bitgrid.guard.link import (
    ClearTrip,
    GuardedLoad,
    GuardReport,
    Release,
    Renew,
    Trip,
    decode_report,
    decode_request,
    encode,
)

SITE = load_config(Path(__file__).parents[2] / "config").site
T = Topics(SITE.site)
M = TypeVar("M", bound=Message)
METER = T.telemetry("meter", "grid_power_w")
AHEAD_S = 500_000.0
LOAD = GuardedLoad(
    relay="closed", level="eco", lease_id="l", lease_left_s=30.0, power_w=800.0, temp_c=60.0, answer_age_s=1.0,
    confirmed_off=False, trip=None,
)  # fmt: skip


@dataclass
class TwoHosts:
    """Edge and gateway; the wire between them takes no time unless a test lets it."""

    edge_clock: HeldClock = field(default_factory=lambda: HeldClock(boot_s=AHEAD_S + 1_000.0))
    clock: HeldClock = field(default_factory=lambda: HeldClock(boot_s=1_000.0))
    edge: MemoryBus = field(default_factory=MemoryBus)
    here: MemoryBus = field(default_factory=MemoryBus)
    to_rules: list[bytes] = field(default_factory=list)
    to_guard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.edge_end = EdgeEnd(self.edge, T, self.edge_clock, self.to_rules.append)
        self.end = GatewayEnd(SITE, self.here, self.edge, self.clock, self.to_guard.append)

    def live(self, seconds: float) -> None:
        """Both hosts live on, a step a second."""
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            self.edge_clock.advance(1.0)
            self.end.step()


@pytest.fixture
def hosts() -> TwoHosts:
    hosts = TwoHosts()
    hosts.end.step()
    assert hosts.end.is_linked
    return hosts


def heard(bus: MemoryBus, pattern: str) -> list[Received]:
    """All that comes from now on."""
    found: list[Received] = []
    bus.subscribe(pattern, found.append)
    found.clear()
    return found


def only(model: type[M], found: list[Received]) -> M:
    (received,) = found
    told = decode(model, received.payload)
    assert told is not None
    return told


def value(sent_boot_s: float | None = 1_000.0) -> Telemetry:
    return Telemetry(value=-3000.0, age_s=0.5, sent_boot_s=sent_boot_s, source="meter")


def test_a_value_is_as_old_at_the_edge_as_it_is(hosts: TwoHosts) -> None:
    found = heard(hosts.edge, METER)
    hosts.here.publish(METER, value(), retain=True)
    hosts.edge_clock.advance(7.0)  # on its way, at the broker, wherever
    assert only(Telemetry, found).age_at_s(hosts.edge_clock.boot()) == pytest.approx(7.5)


def test_untranslated_it_would_not_be_believed_and_by_this_clock_alone_it_could_seem_fresh(
    hosts: TwoHosts,
) -> None:
    assert value().age_at_s(hosts.edge_clock.boot()) > 400_000


@pytest.mark.parametrize("boot_s", [None])
def test_a_value_that_does_not_say_when_it_was_sent_does_not_pass(hosts: TwoHosts, boot_s: float | None) -> None:
    found = heard(hosts.edge, METER)
    hosts.here.publish(METER, value(boot_s))
    assert found == []


def test_what_the_brokers_kept_passes_neither_way() -> None:
    hosts = TwoHosts.__new__(TwoHosts)
    here, edge = MemoryBus(), MemoryBus()
    here.publish(METER, value(), retain=True)
    TwoHosts.__init__(hosts, here=here, edge=edge)
    found = heard(edge, METER)
    hosts.end.step()
    assert found == []


@pytest.mark.parametrize("name", ["poller", "loads"])
def test_a_heartbeat_is_as_old_as_it_is(hosts: TwoHosts, name: str) -> None:
    found = heard(hosts.edge, T.health(name))
    told = Health(status=HealthStatus.OK, reason="", instance="i", sent_boot_s=990.0)
    hosts.here.publish(T.health(name), told)
    assert only(Health, found).sent_boot_s == pytest.approx(AHEAD_S + 990.0)


def command(expires_boot_s: float) -> LoadCommand:
    return LoadCommand(
        command_id="c", load="miner", level="eco", power_w=800, lease_id="l", expires_boot_s=expires_boot_s,
        decision_id="d", reason="R1",
    )  # fmt: skip


def test_a_command_ends_here_when_it_ends_there(hosts: TwoHosts) -> None:
    found = heard(hosts.here, T.command("miner"))
    hosts.edge.publish(T.command("miner"), command(hosts.edge_clock.boot() + 45.0))
    assert only(LoadCommand, found).expires_boot_s == pytest.approx(hosts.clock.boot() + 45.0)


def test_a_command_that_has_ended_on_its_way_does_not_arrive(hosts: TwoHosts) -> None:
    found = heard(hosts.here, T.command("miner"))
    hosts.edge.publish(T.command("miner"), command(hosts.edge_clock.boot() - 1.0))
    assert found == []


def test_a_renewal_reaches_the_guard_with_its_own_end(hosts: TwoHosts) -> None:
    renew = Renew(
        load="miner", level="eco", power_w=800, lease_id="l", expires_boot_s=hosts.edge_clock.boot() + 45
    )
    hosts.edge_end.on_datagram(encode(renew))
    told = decode_request(hosts.to_guard[0])
    assert isinstance(told, Renew)
    assert told.expires_boot_s == pytest.approx(hosts.clock.boot() + 45.0)
    assert told.model_copy(update={"expires_boot_s": renew.expires_boot_s}) == renew


@pytest.mark.parametrize("said", [Release(load="miner", reason="R2"), ClearTrip(load="miner", trip_id="t")])
def test_what_has_no_time_passes_as_it_is(hosts: TwoHosts, said: Release | ClearTrip) -> None:
    hosts.edge_end.on_datagram(encode(said))
    assert [decode_request(datagram) for datagram in hosts.to_guard] == [said]


def test_a_report_of_the_guard_reaches_the_rules_dated_by_their_clock(hosts: TwoHosts) -> None:
    trip = Trip(trip_id="t", cause="heat", at_boot_s=980.0, text="hot")
    loads = {"miner": LOAD.model_copy(update={"trip": trip}), "second": LOAD}
    hosts.end.on_datagram(encode(GuardReport(instance="g", sent_boot_s=999.0, loads=loads)))
    told = decode_report(hosts.to_rules[0])
    assert told is not None
    assert told.sent_boot_s == pytest.approx(AHEAD_S + 999.0)
    assert told.loads["second"] == LOAD
    found = told.loads["miner"].trip
    assert found is not None
    assert found.at_boot_s == pytest.approx(AHEAD_S + 980.0)


def test_a_report_from_ahead_of_the_edges_clock_is_not_believed(hosts: TwoHosts) -> None:
    hosts.end.on_datagram(encode(GuardReport(instance="g", sent_boot_s=1_060.0, loads={})))
    assert hosts.to_rules == []


def test_nonsense_passes_neither_way(hosts: TwoHosts) -> None:
    hosts.end.on_datagram(b"\xff nonsense")
    hosts.edge_end.on_datagram(b"{}")
    hosts.edge.publish(T.link("report"), value())
    hosts.edge.publish(T.link("request"), value())
    assert (hosts.to_rules, hosts.to_guard) == ([], [])


def everything_said(hosts: TwoHosts) -> tuple[int, int]:
    """How much arrives at the edge, and at the gateway, of all that can be said."""
    there, back = heard(hosts.edge, METER), heard(hosts.here, T.command("miner"))
    hosts.here.publish(METER, value(hosts.clock.boot()))
    hosts.edge.publish(T.command("miner"), command(hosts.edge_clock.boot() + 45.0))
    hosts.edge_end.on_datagram(encode(Release(load="miner", reason="R2")))
    hosts.end.on_datagram(encode(GuardReport(instance="g", sent_boot_s=hosts.clock.boot(), loads={})))
    return len(there) + len(hosts.to_rules), len(back) + len(hosts.to_guard)


def test_without_an_answer_nothing_passes_and_with_one_it_does_again(hosts: TwoHosts) -> None:
    assert everything_said(hosts) == (2, 2)
    hosts.to_rules.clear()
    hosts.to_guard.clear()
    hosts.clock.advance(KNOWN_FOR_S + 1)
    hosts.edge_clock.advance(KNOWN_FOR_S + 1)
    assert not hosts.end.is_linked
    assert everything_said(hosts) == (0, 0)
    hosts.end.step()
    assert everything_said(hosts) == (2, 2)


def test_before_the_first_answer_nothing_passes() -> None:
    assert everything_said(TwoHosts()) == (0, 0)


def test_the_edge_knows_how_long_the_gateway_has_been_silent(hosts: TwoHosts) -> None:
    assert hosts.edge_end.silent_s() == 0
    hosts.edge_clock.advance(20.0)
    assert hosts.edge_end.silent_s() == 20.0
    assert TwoHosts().edge_end.silent_s() is None


def test_an_edge_that_was_started_anew_is_dated_by_its_new_clock(hosts: TwoHosts) -> None:
    hosts.edge_clock.boot_s = 30.0
    EdgeEnd(hosts.edge, T, hosts.edge_clock, hosts.to_rules.append)
    hosts.live(1)
    found = heard(hosts.edge, METER)
    hosts.here.publish(METER, value(hosts.clock.boot()))
    assert only(Telemetry, found).age_at_s(hosts.edge_clock.boot()) == pytest.approx(0.5)
