"""The one invariant: a miner draws power only while a record lets it; once it lost what it needs it ends in time.

Fed with what the plant knows to be true and with what the ledger holds, never with what the controllers say of
themselves. Boot time throughout: whatever the wall clock does, seconds are seconds.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from chaos.kinds import BOUNDS_S, LAST_LAYER_S, Cause

LEVEL_WITHIN_S = 60.0
OFF = "off"


@dataclass(frozen=True)
class Record:
    """A decision as it stands in the ledger; ``good_until_boot_s``: the end of its block, on the boot clock."""

    decision_id: str
    level: str
    power_w: int
    good_until_boot_s: float


@dataclass(frozen=True)
class Truth:
    """One look at the house: the plant's truth, and what is known to be lost."""

    boot_s: float
    power_w: int
    setting_w: int
    temp_c: float
    soc_pct: float
    lost: frozenset[Cause] = frozenset()
    hindrances: int = 0
    makes_itself: bool = False


@dataclass(frozen=True)
class Violation:
    """The invariant broken."""

    boot_s: float
    text: str


@dataclass
class Invariant:
    """Watches one run.

    Args:
        off_below_w: power below this is off.
        max_temp_c: hotter than this, it must not run.
        soc_hard_min_pct: with less in the battery, it must not run.
        jitter_s: what looking at real processes may add to a bound, seconds of the house.

    Attributes:
        violations: where it was broken; each sort once.
        lost_at: when each cause was first there while the miner ran.
    """

    off_below_w: int
    max_temp_c: float
    soc_hard_min_pct: float
    jitter_s: float = 0.0
    violations: list[Violation] = field(default_factory=list)
    lost_at: dict[Cause, float] = field(default_factory=dict)
    _known: dict[str, Record] = field(default_factory=dict)
    _since: dict[Cause, float] = field(default_factory=dict)
    _off_at: list[float] = field(default_factory=list)
    _on_at: list[float] = field(default_factory=list)
    _due_boot_s: float | None = None
    _told: set[str] = field(default_factory=set)
    _hindrances: int = 0
    _taken_until_boot_s: float = 0.0
    _record_since_boot_s: float = 0.0
    _record: Record | None = None

    def look(self, truth: Truth) -> None:
        """Judge one moment."""
        is_on = truth.power_w >= self.off_below_w
        rose, lost = self._note(is_on, truth.boot_s), self._lost(truth)
        self._follow(lost, truth, rose=rose)
        if is_on:
            self.lost_at = dict.fromkeys(lost, truth.boot_s) | self.lost_at
        if is_on and self._due_boot_s is not None and truth.boot_s > self._due_boot_s + self.jitter_s:
            why = ", ".join(f"{cause.value} for {truth.boot_s - at:.0f} s" for cause, at in self._since.items())
            self._tell(truth.boot_s, "power", f"the miner draws {truth.power_w} W: {why}")
        if is_on and not lost:
            self._judge_level(truth)

    def recorded(self, record: Record, boot_s: float) -> None:
        """A decision became durable."""
        self._known[record.decision_id] = record
        if self._record is None or record.level != self._record.level:
            self._record_since_boot_s = boot_s
        self._record = record

    def command(self, boot_s: float, decision_id: str, level: str) -> None:
        """A command that lets the miner run was seen on the bus: its record must be there already."""
        if level == OFF:
            return
        record = self._known.get(decision_id)
        if record is None or record.level != level:
            text = f"a command to run at {level} names {decision_id}, which the ledger does not hold for that"
            self._tell(boot_s, f"command {decision_id}", text)

    def off_after_s(self, boot_s: float) -> float | None:
        """How long after a moment the miner, running then, was first off, s; None: it ran on, or was off."""
        if not self.is_on_at(boot_s):
            return None
        later = bisect.bisect_left(self._off_at, boot_s)
        return self._off_at[later] - boot_s if later < len(self._off_at) else None

    def is_on_at(self, boot_s: float) -> bool:
        """Whether it drew power at a moment."""
        return bisect.bisect_right(self._on_at, boot_s) > bisect.bisect_right(self._off_at, boot_s)

    def off_for_s(self, boot_s: float) -> float:
        """How long it has been off now, s; 0 while it draws power."""
        return 0.0 if len(self._on_at) > len(self._off_at) or not self._off_at else boot_s - self._off_at[-1]

    def longest_self_made_s(self, from_boot_s: float) -> float | None:
        """The longest time it drew power that began after a moment, s; None: it never did."""
        times = [
            off_s - on_s
            for on_s in self._on_at
            if on_s > from_boot_s
            for off_s in self._off_at[bisect.bisect_left(self._off_at, on_s) :][:1]
        ]
        return max(times, default=None)

    def _note(self, is_on: bool, boot_s: float) -> bool:
        """Keep when it went on and off; whether it went on just now."""
        was_on = len(self._on_at) > len(self._off_at)
        if was_on and not is_on:
            self._off_at.append(boot_s)
        elif is_on and not was_on:
            self._on_at.append(boot_s)
        return is_on and not was_on

    def _lost(self, truth: Truth) -> set[Cause]:
        record, lost = self._record, set(truth.lost)
        if record is None or record.level == OFF:
            lost.add(Cause.RECORD)
        elif truth.boot_s >= record.good_until_boot_s:
            lost.add(Cause.EXPIRED)
        if truth.temp_c > self.max_temp_c:
            lost.add(Cause.HEAT)
        if truth.soc_pct < self.soc_hard_min_pct:
            lost.add(Cause.RESERVE)
        return lost

    def _follow(self, lost: set[Cause], truth: Truth, *, rose: bool) -> None:
        """Keep since when each is lost, and from it when the miner is due to be off.

        A further loss may put that off for a miner that still runs; one that is off may not begin to run.
        """
        for cause in set(self._since) - lost:
            del self._since[cause]
        new = lost - set(self._since)
        self._since |= dict.fromkeys(sorted(new), truth.boot_s)
        is_more = bool(new) or truth.hindrances > self._hindrances
        self._hindrances = truth.hindrances
        if truth.lost:
            self._taken_until_boot_s = truth.boot_s
        if not lost:
            self._due_boot_s = None
        elif rose and self._is_past(truth.boot_s):
            self._rise(truth)
        elif is_more or self._due_boot_s is None:
            self._due_boot_s = max(self._due(truth), self._due_boot_s or 0.0) if truth.lost else self._due(truth)

    def _is_past(self, boot_s: float) -> bool:
        return any(boot_s > at + BOUNDS_S[cause] + self.jitter_s for cause, at in self._since.items())

    def _rise(self, truth: Truth) -> None:
        """It went on although it long may not: by the fault's own doing, or by ours."""
        if truth.makes_itself:
            within_s = LAST_LAYER_S if truth.hindrances else BOUNDS_S[Cause.SELF_MADE]
            self._due_boot_s = max(truth.boot_s + within_s, self._due(truth) if truth.lost else 0.0)
        else:
            why = ", ".join(sorted(self._since))
            self._tell(truth.boot_s, "start", f"the miner begins to draw {truth.power_w} W: {why}")

    def _due(self, truth: Truth) -> float:
        """Of what faults took away, the last; a record that is gone is the house's own doing and gives no time.

        What came while a fault had its hand on the house counts from when that let go.
        """
        own = {
            cause: max(at, self._taken_until_boot_s) + BOUNDS_S[cause]
            for cause, at in self._since.items()
            if cause not in truth.lost
        }
        taken = {cause: at for cause, at in self._since.items() if cause in truth.lost}
        due_s = max((at + BOUNDS_S[cause] for cause, at in taken.items()), default=min(own.values(), default=0.0))
        if len(taken) <= 1 and not truth.hindrances:
            return due_s
        latest_s = truth.boot_s if truth.hindrances else max(taken.values())
        return max(due_s, latest_s + LAST_LAYER_S)

    def _judge_level(self, truth: Truth) -> None:
        record = self._record
        since_s = max(self._record_since_boot_s, self._on_at[-1])
        if record is None or truth.boot_s - since_s <= LEVEL_WITHIN_S + self.jitter_s:
            return
        if truth.setting_w > record.power_w:
            text = f"the miner is set to {truth.setting_w} W, its record says {record.level}: {record.power_w} W"
            self._tell(truth.boot_s, "level", text)

    def _tell(self, boot_s: float, what: str, text: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self.violations.append(Violation(boot_s, text))
