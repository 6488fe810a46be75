"""A night's learning: check yesterday with the model that was in force, then learn anew from all that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bitgrid.config.house import Location, PvPlane
from bitgrid.feeds.pv.check import check
from bitgrid.feeds.pv.clearness import DAY_S, RECENT_S, Clearness
from bitgrid.feeds.pv.forecast import Outlook
from bitgrid.feeds.pv.model import Model, learn_lines
from bitgrid.feeds.pv.outside import Outside
from bitgrid.feeds.pv.record import Record
from bitgrid.feeds.pv.roof import given_roof, learn_roof
from bitgrid.feeds.pv.sky import Sky
from bitgrid.feeds.pv.trust import Trust

TEACHABLE_DAYS = 14
"""Days of sunlight from which the lines of lead time are learned."""
BRIGHT_W = 20


@dataclass(frozen=True)
class Home:
    """Where the roof is, and what the owner said of it; blocks are ``block_s`` long."""

    place: Location
    planes: Sequence[PvPlane]
    block_s: int

    @property
    def name(self) -> str:
        """Changes when any of it does."""
        planes = ";".join(f"{plane.peak_w},{plane.tilt_deg},{plane.azimuth_deg}" for plane in self.planes)
        return f"{self.place.latitude},{self.place.longitude};{self.block_s};{planes}"


class Lesson(NamedTuple):
    """What comes back from a night."""

    model: Model | None
    trust: Trust


def first_model(home: Home) -> Model | None:
    """Before anything was measured: the roof of site.yaml; None where it names none."""
    return Model(roof=given_roof(home.planes), days=0, at_s=0.0, home=home.name) if home.planes else None


def days_of_sun(record: Record, block_s: int) -> int:
    """On how many days the roof yielded something."""
    blocks = enumerate(record.pv_w, record.first_block)
    return len({block * block_s // DAY_S for block, watts in blocks if watts > BRIGHT_W})


def learn(home: Home, record: Record, at_s: float) -> Model | None:
    """A model of all that a record shows; None while nothing can be told of the roof."""
    days = days_of_sun(record, home.block_s)
    roof = learn_roof(record, home.place, home.block_s, home.planes, days)
    if roof is None:
        return None
    sky = Sky(roof, home.place, home.block_s)
    is_teachable = days >= TEACHABLE_DAYS
    lines = learn_lines(record, sky, Clearness(record, sky)) if is_teachable else []
    return Model(roof=roof, days=days, at_s=at_s, lines=lines, home=home.name)


def night(
    home: Home, record: Record, now_s: float, in_force: Model | None, known: tuple[Trust, Outside | None]
) -> Lesson:
    """Check, then learn.

    Args:
        home: of the roof.
        record: what was measured, a year or less, nothing after ``now_s``.
        now_s: UTC epoch seconds.
        in_force: the model that yesterday was forecast with.
        known: what is trusted, and what was expected elsewhere.
    """
    trust, outside = known
    before = record.cut(int(now_s // home.block_s))
    if in_force is not None:
        sky = Sky(in_force.roof, home.place, home.block_s)
        recent = before.since(before.end_block - RECENT_S // home.block_s)
        outlook = Outlook(in_force, sky, Clearness(recent, sky), trust, outside)
        trust = check(outlook, before, before.end_block)
    model = learn(home, before, now_s) or in_force
    if model is not None and model.lines and in_force is not None and not in_force.lines:
        trust = trust.model_copy(update={"scores": {}})  # what the untaught lines deserved is not theirs
    return Lesson(model, trust)
