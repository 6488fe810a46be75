"""What waits for a person's yes, read off the last decisions: under autonomy 1 every switch, under 2 a stop."""

from __future__ import annotations

from dataclasses import dataclass

from bitgrid.config import Rules
from bitgrid.explain import RecordView
from bitgrid.web.house import Decided, House
from bitgrid.web.words import Words

WAITS = "MODE_WAITS"
_OFF = "off"


@dataclass(frozen=True)
class Waiting:
    """A switch that is not made without a yes.

    Args:
        load: whose.
        level: what it would be set to.
        sentence: what waits, and how long.
        then: what a yes brings beyond that.
        button: what the yes is called.
    """

    load: str
    level: str
    sentence: str
    then: str
    button: str


def found(house: House, rules: Rules, words: Words) -> list[Waiting]:
    """All that waits now."""
    latest = ((load, house.latest(load)) for load in house.load_ids if house.is_live(house.loads.get(load)))
    return [
        _waiting(load, level, decided.view, rules, words)
        for load, decided in latest
        if decided is not None and (level := _wish(decided, house)) is not None
    ]


def _wish(decided: Decided, house: House) -> str | None:
    """The level that waits; a yes counts only while the block of the decision lasts."""
    view = decided.view
    is_over = view.code != WAITS or house.now_s >= view.valid_until_s
    return None if is_over or view.binding is None else view.binding.level


def _waiting(load: str, level: str, view: RecordView, rules: Rules, words: Words) -> Waiting:
    kind = "stop" if level == _OFF else "change" if view.was_on else "start"
    blocks = {"stop": rules.r5.min_pause_blocks, "start": rules.r5.min_runtime_blocks}.get(kind, 0)
    return Waiting(
        load=load,
        level=level,
        sentence="" if view.binding is None else words.cause(view.binding, view),
        then=words.t(f"waits-then-{kind}", time=words.figures.duration(blocks * rules.block_s)),
        button=words.t(f"waits-{kind}", load=words.load(load), level=words.level(level)),
    )
