"""What can happen to the house, each by chance: to be drawn by Hypothesis, or played from a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bitgrid.control.load import Load
from bitgrid.kernel import OFF, Quality, Signal
from kernel.days import BLOCK_S, DAY_S, RULE_SETS, Days

Happening = Callable[[Days, Random], None]

OVER_W = (-2600, -700, 0, 400, 700, 900, 1400, 2100, 2600, 6000)
TEMPS = (300, 450, 450, 600, 740, 760, 825, 835, 851)
SOCS = (490, 500, 501, 580, 581, 800, 1000)
HODLS = (None, 300, 300, 1500, 4000)
PRICES = (None, -200, 800, 2400, 2600, 3500)
SILENCES = (
    Signal(-3000, 30, Quality.STALE),
    Signal(None, 61, Quality.MISSING),
    Signal(None, None, Quality.MISSING),
)
FAULTS = (
    *[("emergency_stop", Signal(1))] * 2,
    ("ups_on_battery", Signal(1)),
    ("first_run", Signal(1)),
    ("controller_lost", Signal(1)),
    ("room_temp_c", Signal(401)),
    *[("grid_limit_w", Signal(limit_w)) for limit_w in (0, 900, 2000)],
    ("miner.guard_trip", Signal(1)),
    *[("miner.guard_trip", Signal(2))] * 2,
    ("heater.guard_trip", Signal(1)),
    *[(name, signal) for name in ("grid_power_w", "miner.temp_c") for signal in SILENCES],
)
FORECASTS = (
    (),
    (3000, 0),
    (900,) * 6,
    (3000,) * 12,
    (6000,) + (900,) * 11,
    (6000,) * 40 + (0,) * 104,
    (0,) * 144,
    (2000,) * 6 + (0,) * 100,
)


def some_load(days: Days, chance: Random) -> Load:
    return chance.choice(days.loads)


def a_night(days: Days, *, runs: bool) -> None:
    """An ordered house after a night in which nothing was decided, just awake, its loads running or off."""
    days.is_well()
    days.autonomy, days.over_w = 3, 0
    days.ticks(100)
    days.over_w = 6000 if runs else 0
    for _block in range(4):
        days.ticks()


def weather(days: Days, chance: Random) -> None:
    days.over_w, days.wastes = chance.choice(OVER_W), chance.random() < 0.5
    days.tells(miner__temp_c=chance.choice(TEMPS))


def charge(days: Days, chance: Random) -> None:
    days.charged(chance.choice(SOCS))


def market(days: Days, chance: Random) -> None:
    days.tells(
        hodl_ct_kwh=chance.choice(HODLS), import_price_ct_kwh=chance.choice(PRICES), export_price_ct_kwh=700
    )


def forecast(days: Days, chance: Random) -> None:
    days.expects(chance.choice(FORECASTS), chance.choice(PRICES), chance.choice(PRICES))


def all_is_well(days: Days, chance: Random) -> None:
    days.is_well()
    for _block in range(chance.randrange(5)):
        days.ticks()


def low_battery(days: Days, chance: Random) -> None:
    """Sun enough, and a battery that may not be."""
    a_night(days, runs=chance.random() < 0.5)
    days.charged(chance.choice(SOCS))
    days.over_w = 6000
    if chance.random() < 0.5:
        days.is_told(some_load(days, chance), "full", 600)
    days.ticks()
    days.ticks()


def fault(days: Days, chance: Random) -> None:
    days.suffers(*chance.choice(FAULTS), stays=chance.random() < 0.2)


def fault_on_a_good_day(days: Days, chance: Random) -> None:
    """What runs is stopped, and then wants to start again."""
    a_night(days, runs=True)
    days.passes(chance.choice([30, 200]))
    days.suffers(*chance.choice(FAULTS), stays=False)
    days.ticks(chance.choice([1, 3, 7]))


def heat_on_a_good_day(days: Days, chance: Random) -> None:
    """Too hot, or out of tune; and then cool again, or not yet."""
    a_night(days, runs=True)
    days.wastes = chance.random() < 0.5
    days.tells(miner__temp_c=chance.choice(TEMPS))
    days.ticks()
    days.tells(miner__temp_c=chance.choice(TEMPS))
    days.ticks(chance.choice([3, 7]))


def slow(days: Days, chance: Random) -> None:
    """A decision that took too long, on what runs, or wants to start, or is too hot."""
    a_night(days, runs=chance.random() < 0.5)
    days.over_w = 6000
    days.tells(miner__temp_c=chance.choice((450, 450, 851)))
    days.ticks(overruns=True)


def plan(days: Days, chance: Random) -> None:
    """A house in order, a new day and new rules: only sun, prices and forecast weigh, for some blocks."""
    days.is_well()
    days.ticks(chance.choice([1, 20]))
    days.autonomy = chance.choice([1, 2, 3, 3, 3])
    days.reloads(chance.choice(RULE_SETS))
    market(days, chance)
    forecast(days, chance)
    for _spell in range(chance.randint(1, 6)):
        days.over_w = chance.choice(OVER_W)
        days.ticks()


def sun_to_come(days: Days, chance: Random) -> None:
    """A day on which the next hours decide: R4 alone has something to say."""
    a_night(days, runs=chance.random() < 0.5)
    days.reloads(chance.choice((RULE_SETS[0], RULE_SETS[2], RULE_SETS[3])))
    for over_w in chance.choice([(900, 900), (0, 0), (6000, 2600), (6000,) * 5]):
        days.expects(chance.choice((*FORECASTS[2:5], FORECASTS[4])), 800, chance.choice([800, 3500, 3500]))
        days.over_w = over_w
        days.ticks()


def night_to_come(days: Days, chance: Random) -> None:
    """A day on which it matters what a kWh is worth at night."""
    a_night(days, runs=chance.random() < 0.3)
    days.reloads(chance.choice((RULE_SETS[0], RULE_SETS[2])))
    market(days, chance)
    days.tells(hodl_ct_kwh=chance.choice(HODLS[1:]))
    days.charged(chance.choice([620, 620, 900]))
    days.expects(chance.choice((*FORECASTS[-3:], FORECASTS[-1])), chance.choice([800, 2600]))
    days.over_w = chance.choice([2600, 6000])
    for _block in range(4):
        days.ticks()


def clock_steps(days: Days, chance: Random) -> None:
    days.clock_steps(chance.choice([-DAY_S, -3600, -601, -45, 45, 599, 7200, DAY_S]))


def restart(days: Days, chance: Random) -> None:
    days.over_w = chance.choice(OVER_W)
    days.restarts()


def reload(days: Days, chance: Random) -> None:
    days.reloads(chance.choice(RULE_SETS))


def autonomy(days: Days, chance: Random) -> None:
    days.autonomy = chance.choice([0, 1, 2, 2, 3, 3, 3, 3])


def override(days: Days, chance: Random) -> None:
    level, minutes = chance.choice([OFF, "eco", "full"]), chance.choice([1, 10, 45])
    days.is_told(some_load(days, chance), level, minutes * 60)


def override_ends_in_the_sun(days: Days, chance: Random) -> None:
    """Kept off or on by a person while the sun came or went, and maybe another load with it."""
    a_night(days, runs=False)
    days.autonomy = chance.choice([1, 3, 3])
    days.is_told(some_load(days, chance), chance.choice([OFF, OFF, "full"]), 900)
    days.over_w = chance.choice(OVER_W)
    days.ticks()
    days.passes(400)


def confirm(days: Days, chance: Random) -> None:
    days.is_confirmed(some_load(days, chance))


def ask_and_confirm(days: Days, chance: Random) -> None:
    """Under autonomy 0, 1 or 2: sun or shade, and a yes to what comes of it."""
    a_night(days, runs=chance.random() < 0.3)
    days.autonomy = chance.choice([0, 1, 1, 2])
    days.over_w = chance.choice(OVER_W)
    days.ticks()
    for load in days.loads:
        days.is_confirmed(load)


def shade_under_autonomy_2(days: Days, chance: Random) -> None:
    """The sun leaves, and nobody says yes to the stop, or somebody does."""
    days.autonomy = 3
    days.is_well()
    for over_w in (1000, 1000, 1000, 400):
        days.over_w = over_w
        days.ticks()
    days.autonomy = 2
    for _block in range(chance.randint(1, 8)):
        days.ticks()
        if chance.random() < 0.1:
            days.is_confirmed(some_load(days, chance))


def tick(days: Days, chance: Random) -> None:
    days.ticks(chance.choice([1, 1, 1, 2, 3, 40]), overruns=chance.random() < 0.1)


def protect(days: Days, chance: Random) -> None:
    days.passes(min(chance.randint(1, 400), BLOCK_S - 1 - days.at_s % BLOCK_S))
    days.protects()


def sun_and_clouds(days: Days, chance: Random) -> None:
    """Half a day, or more."""
    for _spell in range(chance.randint(4, 20)):
        days.over_w = chance.choice(OVER_W)
        for _block in range(chance.randint(1, 8)):
            days.ticks()


def nothing_but_clouds(days: Days, chance: Random) -> None:
    """Sun and shade in turns, as often as the holds let it switch."""
    for _turn in range(chance.randint(3, 8)):
        for over_w, blocks in ((6000, 3), (0, 4)):
            days.over_w = over_w
            for _block in range(blocks):
                days.ticks()


SURROUNDINGS: tuple[Happening, ...] = (
    weather,
    charge,
    low_battery,
    market,
    forecast,
    all_is_well,
    plan,
    sun_to_come,
    sun_to_come,
    night_to_come,
)
TROUBLE: tuple[Happening, ...] = (
    fault,
    fault_on_a_good_day,
    fault_on_a_good_day,
    heat_on_a_good_day,
    slow,
    clock_steps,
    restart,
)
PEOPLE: tuple[Happening, ...] = (
    reload,
    autonomy,
    override,
    override_ends_in_the_sun,
    confirm,
    ask_and_confirm,
    shade_under_autonomy_2,
)
TIME: tuple[Happening, ...] = (tick, protect, sun_and_clouds, nothing_but_clouds)


def play(days: Days, chance: Random, happenings: int) -> None:
    """Let as many things happen, one after the other: of everything that can happen, each equally often."""
    deck: list[Happening] = []
    for _each in range(happenings):
        if not deck:
            deck = [*SURROUNDINGS, *TROUBLE, *PEOPLE, *TIME]
            chance.shuffle(deck)
        deck.pop()(days, chance)
