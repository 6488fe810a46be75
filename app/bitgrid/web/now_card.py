"""The card *Now*: what a load does, at what power, since when."""

from __future__ import annotations

from collections.abc import Iterator

from bitgrid.bus import LoadState
from bitgrid.config import Config
from bitgrid.web.cards import NowCard, Row
from bitgrid.web.house import House
from bitgrid.web.words import UNKNOWN, Words


def card(load: str, house: House, config: Config, words: Words) -> NowCard:
    """A load's card; what is not live is not known."""
    heard, name = house.loads.get(load), words.load(load)
    if heard is None:
        return NowCard(load, name, "unknown", words.t("now-unheard"), UNKNOWN, [])
    state, cell = heard.message, house.load_power(load)
    if not house.is_live(heard):
        last = Row(words.t("row-last-heard"), f"{words.level(state.level)}, {words.age(cell)}")
        return NowCard(load, name, "unknown", words.t("now-unknown"), UNKNOWN, [last])
    kind = _kind(load, state, house, config)
    headline = words.t(f"now-{kind}", level=words.level(state.level))
    rows = list(_rows(load, state, house, config, words))
    return NowCard(load, name, kind, headline, words.power(cell), rows, words.measured(cell))


def _kind(load: str, state: LoadState, house: House, config: Config) -> str:
    if state.trip:
        return "stopped"
    if state.level == "off":
        if state.lockout_until_s is not None and state.lockout_until_s > house.now_s:
            return "stopped"
        return "off" if state.confirmed_off else "stopping"
    known = next(entry for entry in config.site.loads if entry.id == load)
    power = house.load_power(load)
    if not power.is_live:
        return "blind"
    draws = (power.value or 0) >= known.off_below_w
    return "running" if draws or known.miner is None else "starting"  # a thermostat may have opened


def _rows(load: str, state: LoadState, house: House, config: Config, words: Words) -> Iterator[Row]:
    figures = words.figures
    if state.trip:
        yield Row(words.t("row-trip"), words.either(f"trip-{state.trip}", state.trip))
    if state.since_s is not None:
        length = figures.duration(house.now_s - state.since_s)
        yield Row(words.t("row-since"), f"{figures.moment(state.since_s, house.now_s)} ({length})")
    if state.level != "off":
        yield Row(words.t("row-target"), figures.value("power_w", state.power_w))
    temp = house.signal(f"{load}.temp_c")
    if temp.is_live:
        yield Row(words.t("row-temp"), words.value("temp_c", temp), words.measured(temp))
    if state.lease_left_s > 0:
        yield Row(words.t("row-lease"), figures.duration(state.lease_left_s))
    if state.override is not None:
        ends_at_s = state.override.get("ends_at_s")
        until = (
            words.until(ends_at_s, house.now_s) if isinstance(ends_at_s, int | float) else words.t("override-on")
        )
        yield Row(words.t("row-override"), until)
    if next(entry for entry in config.site.loads if entry.id == load).relay is None:
        yield Row(words.t("row-relay"), words.t("relay-none"))
