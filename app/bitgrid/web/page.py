"""The Now page as data: what each card says. Templates only set it; nothing is decided or computed there."""

from __future__ import annotations

from dataclasses import dataclass, field

from bitgrid.bus import LoadState
from bitgrid.config import Config
from bitgrid.web import ahead, flow, ladder
from bitgrid.web.house import Decided, House
from bitgrid.web.view import COMPONENTS
from bitgrid.web.words import UNKNOWN, Words

HASH_SHOWN = 8
DURATIONS_MIN = (30, 60, 120, 240, 480)


@dataclass(frozen=True)
class Row:
    """A line of a card: what it is, and what it says."""

    label: str
    text: str


@dataclass(frozen=True)
class NowCard:
    """What a load does. ``kind``: running, starting, blind (power not known), off, stopping, stopped, unknown."""

    load: str
    name: str
    kind: str
    headline: str
    power: str
    rows: list[Row]


@dataclass(frozen=True)
class WhyCard:
    """Why: the sentence and the ladder it stands on; ``note`` says when it was decided, or that it is overdue.

    ``alternatives`` say what would have changed it, ``warning`` that its measurements contradict each other,
    ``remarks`` what stands behind it; all may be empty.
    """

    load: str
    name: str
    sentence: str
    note: str
    is_current: bool
    rungs: list[ladder.Rung] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    warning: str = ""
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NextCard:
    """What comes next; ``countdown`` is to the next regular decision."""

    load: str
    name: str
    countdown: str
    at: str
    rows: list[Row]


@dataclass(frozen=True)
class LogRow:
    """A past decision."""

    id: str
    at: str
    action: str
    kind: str
    name: str
    sentence: str


@dataclass(frozen=True)
class Component:
    """A process of the house and how it is."""

    name: str
    status: str
    text: str


class Pages:
    """Makes the cards of a snapshot in one language."""

    def __init__(self, config: Config, house: House, words: Words) -> None:
        self._config, self._house, self.words = config, house, words

    @property
    def time(self) -> str:
        """The house's clock."""
        return self.words.figures.time_of_day(self._house.now_s, seconds=True)

    @property
    def short_hash(self) -> str:
        """The configuration the rules run on, as short as a person compares it."""
        energy = self._house.energy
        return UNKNOWN if energy is None else energy.message.config_hash[:HASH_SHOWN]

    @property
    def alerts(self) -> list[str]:
        """What a person must know before reading anything else."""
        house, t = self._house, self.words.t
        if not house.is_connected:
            return [t("alert-no-bus")]
        if house.energy is None:
            return [t("alert-no-data")]
        if not house.is_live(house.energy):
            return [t("alert-old-data")]
        degraded = house.energy.message.degraded
        if not degraded:
            return []
        signal_name = self.words.explainer.signal_name
        names = ", ".join(signal_name(name, self.words.language) for name in degraded)
        return [t("alert-degraded", names=names)]

    @property
    def flow(self) -> list[flow.Node]:
        """The energy flow."""
        return flow.nodes(self._house, self._config.site, self.words)

    @property
    def now(self) -> list[NowCard]:
        """What runs."""
        return [self._now(load) for load in self._house.load_ids]

    @property
    def why(self) -> list[WhyCard]:
        """Why it runs, or does not."""
        return [self._why(load) for load in self._house.load_ids]

    @property
    def next(self) -> list[NextCard]:
        """What comes next."""
        return [self._next(load) for load in self._house.load_ids]

    @property
    def ahead(self) -> list[ahead.Outside]:
        """Prices, forecasts and what mining brings."""
        return ahead.lines(self._house, self.words)

    @property
    def log(self) -> list[LogRow]:
        """The last decisions, newest first."""
        return [self._log_row(decided) for decided in self._house.decisions]

    @property
    def components(self) -> list[Component]:
        """The health strip."""
        rows = []
        for name in COMPONENTS:
            status, reason = self._house.component(name)
            rows.append(Component(name, status, reason or self.words.t(f"health-{status}")))
        return rows

    @property
    def is_estopped(self) -> bool:
        """Whether the emergency stop is on, as far as is known."""
        pressed = self._house.signal("emergency_stop").value
        codes = [decided.view.code for load in self._house.load_ids if (decided := self._house.latest(load))]
        return bool(pressed) if pressed is not None else "R3_EMERGENCY_STOP" in codes

    @property
    def overridden(self) -> list[str]:
        """The loads under an override."""
        return [load for load, heard in self._house.loads.items() if heard.message.override is not None]

    @property
    def durations(self) -> list[Row]:
        """Choices of how long a wish may last; the label is minutes."""
        limits = self._config.rules.override
        choices = {*DURATIONS_MIN, limits.default_min}
        minutes = sorted(choice for choice in choices if choice <= limits.max_h * 60)
        return [Row(str(choice), self.words.figures.duration(choice * 60)) for choice in minutes]

    @property
    def default_min(self) -> int:
        """How long a wish lasts when nothing else is said, minutes."""
        return self._config.rules.override.default_min

    @property
    def stop_text(self) -> str:
        """How long the stop button stops."""
        return self.words.figures.duration(self.default_min * 60)

    def levels(self, load: str) -> list[Row]:
        """The levels a person may ask for."""
        levels = next(entry.levels for entry in self._config.site.loads if entry.id == load)
        return [Row(level.name, self.words.level(level.name)) for level in levels]

    def _now(self, load: str) -> NowCard:
        heard, words = self._house.loads.get(load), self.words
        name = words.load(load)
        if heard is None:
            return NowCard(load, name, "unknown", words.t("now-unheard"), UNKNOWN, [])
        state, cell = heard.message, self._house.load_power(load)
        if not self._house.is_live(heard):
            last = Row(words.t("row-last-heard"), f"{words.level(state.level)}, {words.age(cell)}")
            return NowCard(load, name, "unknown", words.t("now-unknown"), UNKNOWN, [last])
        kind = self._kind(load, state)
        headline = words.t(f"now-{kind}", level=words.level(state.level))
        return NowCard(load, name, kind, headline, words.power(cell), self._now_rows(load, state))

    def _kind(self, load: str, state: LoadState) -> str:
        if state.trip:
            return "stopped"
        if state.level == "off":
            if state.lockout_until_s is not None and state.lockout_until_s > self._house.now_s:
                return "stopped"
            return "off" if state.confirmed_off else "stopping"
        config = next(entry for entry in self._config.site.loads if entry.id == load)
        power = self._house.load_power(load)
        if not power.is_live:
            return "blind"
        draws = (power.value or 0) >= config.off_below_w
        return "running" if draws or config.miner is None else "starting"  # a thermostat may have opened

    def _now_rows(self, load: str, state: LoadState) -> list[Row]:
        words, rows = self.words, []
        if state.trip:
            rows.append(Row(words.t("row-trip"), words.either(f"trip-{state.trip}", state.trip)))
        if state.level != "off":
            rows.append(Row(words.t("row-target"), words.figures.value("power_w", state.power_w)))
        if state.since_s is not None:
            rows.append(Row(words.t("row-since"), self._since(state.since_s)))
        temp = self._house.signal(f"{load}.temp_c")
        if temp.is_live:
            rows.append(Row(words.t("row-temp"), words.value("temp_c", temp)))
        if state.lease_left_s > 0:
            rows.append(Row(words.t("row-lease"), words.figures.duration(state.lease_left_s)))
        if state.override is not None:
            rows.append(Row(words.t("row-override"), self._override_text(state.override.get("ends_at_s"))))
        if next(entry for entry in self._config.site.loads if entry.id == load).relay is None:
            rows.append(Row(words.t("row-relay"), words.t("relay-none")))
        return rows

    def _since(self, since_s: float) -> str:
        figures = self.words.figures
        return f"{figures.moment(since_s, self._house.now_s)} ({figures.duration(self._house.now_s - since_s)})"

    def _override_text(self, ends_at_s: object) -> str:
        if not isinstance(ends_at_s, int | float):
            return self.words.t("override-on")
        return self._until(ends_at_s)

    def _until(self, epoch_s: float) -> str:
        return self.words.t("until", time=self.words.figures.moment(epoch_s, self._house.now_s))

    def _why(self, load: str) -> WhyCard:
        decided, words, house = self._house.latest(load), self.words, self._house
        name = words.load(load)
        if decided is None:
            return WhyCard(load, name, words.t("why-unheard"), "", is_current=False)
        view = decided.view
        is_current = house.is_live(house.loads.get(load)) and house.now_s < view.valid_until_s + house.timeout_s
        at = words.figures.moment(view.at_s, house.now_s)
        note = words.t("why-decided" if is_current else "why-old", time=at)
        return WhyCard(
            load,
            name,
            words.sentence(view),
            note,
            is_current,
            ladder.rungs(view, words),
            words.alternatives(view) if is_current else [],
            words.warning(view),
            words.remarks(view),
        )

    def _next(self, load: str) -> NextCard:
        house, words = self._house, self.words
        name, energy = words.load(load), house.energy
        if energy is None or not house.is_live(energy):
            return NextCard(load, name, UNKNOWN, words.t("next-unknown"), [])
        ends_s = energy.message.block_ends_s
        countdown = words.figures.countdown(ends_s - house.now_s)
        at = words.t("next-at", time=words.figures.time_of_day(ends_s))
        return NextCard(load, name, countdown, at, self._next_rows(load))

    def _next_rows(self, load: str) -> list[Row]:
        heard, words, house, rows = self._house.loads.get(load), self.words, self._house, []
        if heard is not None and house.is_live(heard):
            ends = (("row-hold", heard.message.hold_until_s), ("row-lockout", heard.message.lockout_until_s))
            rows += [Row(words.t(key), self._until(s)) for key, s in ends if s is not None and s > house.now_s]
        surplus_w = None if house.energy is None else house.energy.message.surplus_w
        if surplus_w is not None:
            rows.append(Row(words.t("row-surplus"), words.figures.value("surplus_w", surplus_w)))
        coming = house.coming("pv_forecast_w")
        if coming.is_live and len(coming.values) > 1:
            rows.append(Row(words.t("row-forecast"), words.figures.watts(coming.values[1])))
        return rows

    def _log_row(self, decided: Decided) -> LogRow:
        view, words = decided.view, self.words
        action = words.t(f"action-{view.action}")
        kind = {"START": "running", "STOP": "stopped" if view.rule == "R3" else "off"}.get(view.action, "hold")
        at = words.figures.moment(view.at_s, self._house.now_s)
        return LogRow(decided.id, at, action, kind, words.load(view.load), words.sentence(view))
