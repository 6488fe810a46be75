"""The Now page as data: what each card says. Templates only set it; nothing is decided or computed there."""

from __future__ import annotations

from bitgrid.config import Config
from bitgrid.web import ahead, flow, ladder, next_card, now_card, waiting
from bitgrid.web.cards import Component, Countdown, LogRow, NextCard, NowCard, Row, WhyCard
from bitgrid.web.house import Decided, House
from bitgrid.web.words import UNKNOWN, Words

HASH_SHOWN = 8
DURATIONS_MIN = (30, 60, 120, 240, 480)
AUTONOMIES = range(4)
SEMI = 2


class Pages:
    """Makes the cards of a snapshot in one language.

    Args:
        config: the configuration.
        house: the house at this moment.
        words: the texts of a language.
        planned: the coming blocks by load; None where they cannot be told.
    """

    def __init__(
        self, config: Config, house: House, words: Words, planned: next_card.Planned | None = None
    ) -> None:
        self._config, self._house, self.words, self._planned = config, house, words, planned

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
        return [now_card.card(load, self._house, self._config, self.words) for load in self._house.load_ids]

    @property
    def why(self) -> list[WhyCard]:
        """Why it runs, or does not."""
        return [self._why(load) for load in self._house.load_ids]

    @property
    def next(self) -> list[NextCard]:
        """What comes next."""
        return [next_card.card(load, self._house, self._planned, self.words) for load in self._house.load_ids]

    @property
    def countdown(self) -> Countdown:
        """When is decided next."""
        return next_card.countdown(self._house, self.words)

    @property
    def waits(self) -> list[waiting.Waiting]:
        """What waits for a person's yes."""
        return waiting.found(self._house, self._config.rules, self.words)

    @property
    def spoken(self) -> str:
        """What is read to those who listen: the decisions in force, not the watts."""
        return " ".join(card.sentence for card in self.why if card.is_current)

    @property
    def autonomy(self) -> int | None:
        """How much the rules may do by themselves; None while it is not known."""
        return self._house.autonomy

    @property
    def autonomies(self) -> list[Row]:
        """What they may be allowed: number, name, and what it means."""
        t = self.words.t
        return [Row(str(n), t(f"autonomy-{n}"), t(f"autonomy-{n}-means")) for n in AUTONOMIES]

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
        for name in self._house.parts:
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
        """What the stop button does: how long it stops, and what is then."""
        starts_by_itself = self.autonomy is None or self.autonomy >= SEMI
        key = "control-stop-for" if starts_by_itself else "control-stop-for-good"
        return self.words.t(key, time=self.words.figures.duration(self.default_min * 60))

    @property
    def lockout_text(self) -> str:
        """How long nothing starts after an emergency stop."""
        return self.words.figures.duration(self._config.rules.r3.safety_lockout_min * 60)

    def levels(self, load: str) -> list[Row]:
        """The levels a person may ask for."""
        levels = next(entry.levels for entry in self._config.site.loads if entry.id == load)
        return [Row(level.name, self.words.level(level.name)) for level in levels]

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

    def _log_row(self, decided: Decided) -> LogRow:
        view, words = decided.view, self.words
        action = words.t(f"action-{view.action}")
        kind = {"START": "running", "STOP": "stopped" if view.rule == "R3" else "off"}.get(view.action, "hold")
        at = words.figures.moment(view.at_s, self._house.now_s)
        return LogRow(decided.id, at, action, kind, words.load(view.load), words.sentence(view))
