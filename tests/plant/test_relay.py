import pytest

from bitgrid.plant.faults import Fault
from bitgrid.plant.relay import SimulatedRelay

NO_FAULTS: set[Fault] = set()


@pytest.fixture
def relay() -> SimulatedRelay:
    return SimulatedRelay(auto_off_s=120)


def test_it_starts_open(relay: SimulatedRelay) -> None:
    assert not relay.step(0, NO_FAULTS)
    assert relay.initial_state == "off"


def test_it_opens_by_itself_when_it_was_armed(relay: SimulatedRelay) -> None:
    assert not relay.switch(output=True, now_s=100, toggle_after_s=30, source="test")
    assert relay.step(129, NO_FAULTS)
    assert not relay.step(130, NO_FAULTS)
    assert relay.timer is None
    assert relay.source == "timer"


def test_arming_again_starts_the_time_again(relay: SimulatedRelay) -> None:
    relay.switch(output=True, now_s=100, toggle_after_s=30, source="test")
    assert relay.switch(output=True, now_s=125, toggle_after_s=30, source="test")
    assert relay.step(154, NO_FAULTS)
    assert not relay.step(155, NO_FAULTS)


def test_closed_without_a_timer_its_own_auto_off_opens_it(relay: SimulatedRelay) -> None:
    relay.switch(output=True, now_s=100, toggle_after_s=None, source="test")
    assert relay.step(219, NO_FAULTS)
    assert not relay.step(220, NO_FAULTS)


def test_without_auto_off_it_stays_closed(relay: SimulatedRelay) -> None:
    relay.auto_off = False
    relay.switch(output=True, now_s=100, toggle_after_s=None, source="test")
    assert relay.step(100_000, NO_FAULTS)


def test_opening_it_ends_its_timer(relay: SimulatedRelay) -> None:
    relay.switch(output=True, now_s=100, toggle_after_s=30, source="test")
    relay.switch(output=False, now_s=110, toggle_after_s=None, source="test")
    assert relay.timer is None
    assert not relay.step(130, NO_FAULTS)


def test_opened_for_a_while_it_closes_again_and_then_auto_off_runs(relay: SimulatedRelay) -> None:
    relay.switch(output=False, now_s=0, toggle_after_s=10, source="test")
    assert relay.step(10, NO_FAULTS)
    assert relay.step(129, NO_FAULTS)
    assert not relay.step(130, NO_FAULTS)


def test_a_contact_that_sticks_carries_power_though_the_output_is_off(relay: SimulatedRelay) -> None:
    stuck = {Fault.RELAY_STUCK_CLOSED}
    assert not relay.step(1, stuck)  # an open contact is not closed by it
    relay.switch(output=True, now_s=2, toggle_after_s=10, source="test")
    assert relay.step(2, stuck)
    assert relay.step(50, stuck)
    assert not relay.output
    assert not relay.step(51, NO_FAULTS)
