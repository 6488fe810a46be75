"""The card *Next*: the next decision, what holds until when, and the plan of the coming hours in stretches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from bitgrid.replay.preview import PlannedBlock
from bitgrid.web.cards import Countdown, NextCard, Row, Stretch
from bitgrid.web.house import House
from bitgrid.web.words import UNKNOWN, Words

PLANNED_H = 6
STRETCHES = 5
_OFF = "off"

Planned = Mapping[str, Sequence[PlannedBlock]]


def countdown(house: House, words: Words) -> Countdown:
    """Time to the next decision; a dash where nothing is heard."""
    energy = house.energy
    if energy is None or not house.is_live(energy):
        return Countdown(UNKNOWN, words.t("next-unknown"))
    ends_s = energy.message.block_ends_s
    at = words.t("next-at", time=words.figures.time_of_day(ends_s))
    return Countdown(words.figures.countdown(ends_s - house.now_s), at)


def card(load: str, house: House, planned: Planned | None, words: Words) -> NextCard:
    """A load's card; without a live house it is empty."""
    name = words.load(load)
    if not house.is_live(house.energy):
        return NextCard(load, name, [], [])
    blocks = (planned or {}).get(load, ())
    stretches = list(_stretches(blocks, house, words)) if len(blocks) > 1 else []
    note = "" if stretches else words.t("plan-unknown")
    return NextCard(load, name, list(_rows(load, house, words)), stretches, note)


def _rows(load: str, house: House, words: Words) -> Iterator[Row]:
    heard = house.loads.get(load)
    if heard is not None and house.is_live(heard):
        ends = (("row-hold", heard.message.hold_until_s), ("row-lockout", heard.message.lockout_until_s))
        for key, until_s in ends:
            if until_s is not None and until_s > house.now_s:
                left = words.t("time-left", time=words.figures.duration(until_s - house.now_s))
                yield Row(words.t(key), words.until(until_s, house.now_s), left)
    surplus_w = None if house.energy is None else house.energy.message.surplus_w
    if house.energy is not None and surplus_w is not None:
        age_s = house.age_s(house.energy)
        age = "" if age_s is None else words.t("age-live", age=words.figures.duration(age_s))
        yield Row(words.t("row-surplus"), words.figures.value("surplus_w", surplus_w), age)
    coming = house.coming("pv_forecast_w")
    if coming.is_live and len(coming.values) > 1:
        yield Row(words.t("row-forecast"), words.figures.watts(coming.values[1]))


def _stretches(blocks: Sequence[PlannedBlock], house: House, words: Words) -> Iterator[Stretch]:
    """The coming hours, as long as a load does the same; only so many, the rest is in the room of the plan."""
    ends_s = house.now_s + PLANNED_H * 3600
    near = [block for block in blocks if house.now_s < block.decision.valid_until_s and block.at_s < ends_s]
    groups = [list(group) for _level, group in groupby(near, key=lambda block: block.decision.level)]
    for group in groups[:STRETCHES]:
        first, last = group[0].decision, group[-1].decision
        begins, ends = (words.figures.time_of_day(s) for s in (group[0].at_s, last.valid_until_s))
        is_on = first.level != _OFF
        does = words.t("plan-on" if is_on else "plan-off", level=words.level(first.level))
        rule = words.either(f"rule-{first.rule.value}", first.rule.value)
        yield Stretch(words.t("from-to", begins=begins, ends=ends), "running" if is_on else "off", does, rule)
