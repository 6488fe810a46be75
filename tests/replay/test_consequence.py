"""What would come of a wish, by the kernel: refused, taken back, over, or open."""

from __future__ import annotations

from dataclasses import replace

from bitgrid.kernel import OFF, EnergyState, LoadMemory, Override, Vote
from bitgrid.replay.archive import Rulebook
from bitgrid.replay.consequence import Consequence, Kind, Wish, consequence
from bitgrid.replay.standing import Standing
from kernel.houses import AT_S, ahead, house
from replay.houses import shipped

HOUR_S = 3600
METERS = {"grid_power_w": 0, "battery_power_w": 0, "pv_power_w": 500, "house_load_w": 500}
NIGHT = (0,) * 144


def wished(
    level: str, hours: float, state: EnergyState | None = None, memory: LoadMemory | None = None
) -> Consequence:
    seen = state or ahead(house(required=tuple(METERS), battery_soc_pct=60, **METERS), pv_w=NIGHT)
    stands = Standing(Rulebook.of(shipped()), {}, seen, {"miner": memory or LoadMemory()})
    return consequence(stands, Wish("miner", level, AT_S + round(hours * HOUR_S)), AT_S)


def test_what_safety_forbids_is_refused_at_once() -> None:
    answer = wished("eco", 1, ahead(house(emergency_stop=1, battery_soc_pct=60, **METERS), pv_w=NIGHT))
    assert (answer.kind, answer.at_s) == (Kind.REFUSED, AT_S)
    assert answer.decision.code == "R3_EMERGENCY_STOP"


def test_at_night_the_battery_reaches_its_reserve_before_the_wish_is_over() -> None:
    """0.5 kW of household and 1.7 kW of miner: of 10 kWh at 60 %, 50 % of hard reserve is soon reached."""
    answer = wished("full", 8)
    assert answer.kind is Kind.BROKEN
    assert answer.decision.code == "R2_HARD_RESERVE"
    assert answer.decision.level == OFF
    hard_pct = shipped().rules.r2.soc_hard_min_pct
    kwh = 10 * (60 - hard_pct) / 100
    assert abs((answer.at_s - AT_S) / HOUR_S - kwh / 2.2) < 0.2
    assert answer.decision.state.good("battery_soc_pct") == hard_pct * 10, "it is watched between blocks, too"


def test_a_short_wish_outlives_nothing_and_the_rules_go_on() -> None:
    answer = wished("eco", 0.5)
    assert (answer.kind, answer.at_s) == (Kind.ENDS, AT_S + HOUR_S // 2)
    assert answer.decision.level == OFF


def test_at_an_end_within_the_block_the_next_one_tells_what_comes() -> None:
    answer = wished("eco", 0.05)
    assert (answer.kind, answer.at_s) == (Kind.ENDS, AT_S + 180)


def test_beyond_the_forecast_nothing_is_claimed() -> None:
    bright = ahead(house(required=tuple(METERS), battery_soc_pct=60, **METERS), pv_w=(5000,) * 12)
    answer = wished("eco", 8, bright)
    assert (answer.kind, answer.at_s) == (Kind.OPEN, AT_S + 12 * 600)


def test_without_any_forecast_only_the_next_block_is_seen() -> None:
    blind = house(required=tuple(METERS), battery_soc_pct=60, **METERS)
    assert wished("eco", 8, blind).at_s == AT_S + 2 * 600


def test_where_the_rules_may_not_switch_alone_the_end_of_a_wish_stops() -> None:
    """Assisted: what a person started does not go on by itself when their word has ended."""
    bright = ahead(house(required=tuple(METERS), battery_soc_pct=90, **METERS), pv_w=(6000,) * 144)
    answer = wished("eco", 1, replace(bright, autonomy=1))
    assert (answer.kind, answer.decision.code) == (Kind.ENDS, "MODE_OVERRIDE_ENDED")


def test_taking_back_a_wish_lets_the_rules_decide_now() -> None:
    stopped = LoadMemory(override=Override(Vote.STOP, OFF, AT_S + HOUR_S))
    bright = ahead(
        house(required=tuple(METERS), battery_soc_pct=90, **METERS | {"battery_power_w": 3000}), pv_w=(6000,) * 144
    )
    stands = Standing(Rulebook.of(shipped()), {}, bright, {"miner": stopped})
    answer = consequence(stands, Wish("miner", OFF, None), AT_S)
    assert (answer.kind, answer.at_s) == (Kind.ENDS, AT_S)
    assert answer.decision.action == "START"
