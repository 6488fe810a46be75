"""The cards of the page *Now* as data. Templates only set them; nothing is decided or computed there."""

from __future__ import annotations

from dataclasses import dataclass, field

from bitgrid.web import ladder


@dataclass(frozen=True)
class Row:
    """A line of a card: what it is, what it says, and how old that is where it was measured."""

    label: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class NowCard:
    """What a load does. ``kind``: running, starting, blind (power not known), off, stopping, stopped, unknown.

    ``age`` says how long ago the power was measured; empty where it is not known.
    """

    load: str
    name: str
    kind: str
    headline: str
    power: str
    rows: list[Row]
    age: str = ""


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
class Countdown:
    """The time left to the next regular decision, and when that is."""

    left: str
    at: str


@dataclass(frozen=True)
class Stretch:
    """A stretch of the plan in which a load does the same.

    Args:
        when: from when to when.
        kind: running or off.
        does: what it does then.
        rule: whose word that rests on, for those who want to know.
    """

    when: str
    kind: str
    does: str
    rule: str


@dataclass(frozen=True)
class NextCard:
    """What comes next for a load; ``note`` says why there is no plan of the coming hours, where there is none."""

    load: str
    name: str
    rows: list[Row]
    plan: list[Stretch]
    note: str = ""


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
