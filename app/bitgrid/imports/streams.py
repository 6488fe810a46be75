"""What a source gives: streams of spans, brought together day by day into the signals of a house."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bitgrid.imports.quantities import Signal
from bitgrid.imports.spans import Span, Tally, by_day, means, total

Day = dict[Signal, list[Span]]
HOUSEHOLD_STEP_S = 300
"""The household is reckoned from means of five minutes: its parts were not measured in the same second."""
WRONG_SIGN_SHARE = 0.05
"""A household below 0 for more than this share of its energy is a wrong sign rather than noise."""


@dataclass
class Stream:
    """One figure of a source.

    Args:
        signal: what it is, or is a part of.
        told_by: its name in the source.
        spans: rising in time, in the unit of the signal.
        tally: what was not taken; filled while the spans are read.
        invert_sign: whether it counts the other way.
    """

    signal: Signal
    told_by: str
    spans: Iterable[Span]
    tally: Tally = field(default_factory=Tally)
    invert_sign: bool = False

    @property
    def factor(self) -> float:
        """By which its values count."""
        return -1.0 if self.invert_sign else 1.0


@dataclass
class Source:
    """What was found in a file.

    Args:
        kind: home-assistant, evcc or csv.
        streams: its figures.
        notes: what a reader of the result must know; may grow while the streams are read.
        ends_s: roughly where it begins and ends, UTC epoch seconds, for the progress bar.
    """

    kind: str
    streams: list[Stream]
    notes: list[str] = field(default_factory=list)
    ends_s: tuple[float, float] = (0.0, 0.0)

    @property
    def signals(self) -> list[Signal]:
        """What it tells, in the order of the streams."""
        return list(dict.fromkeys(stream.signal for stream in self.streams))


def days(source: Source) -> Iterator[tuple[int, Day]]:
    """The signals by UTC day (days since the epoch); where a part of a signal is not known, the signal is not."""
    walks = [by_day(stream.spans) for stream in source.streams]
    heads = [next(walk, None) for walk in walks]
    while any(heads):
        day = min(head[0] for head in heads if head is not None)
        pieces = [head[1] if head is not None and head[0] == day else [] for head in heads]
        yield day, {signal: _signal(source, signal, pieces) for signal in source.signals}
        for index, head in enumerate(heads):
            if head is not None and head[0] == day:
                heads[index] = next(walks[index], None)


def _signal(source: Source, signal: Signal, pieces: list[list[Span]]) -> list[Span]:
    parts = zip(source.streams, pieces, strict=True)
    return total([(stream.factor, spans) for stream, spans in parts if stream.signal == signal])


@dataclass
class Household:
    """The household from the balance, where no meter tells it: PV plus grid less what the battery took.

    Args:
        has_battery: whether a battery must be known too.
    """

    has_battery: bool
    tally: Tally = field(default_factory=Tally)
    below_wh: float = 0.0
    above_wh: float = 0.0

    @property
    def formula(self) -> str:
        """In words."""
        battery = " - battery_power_w" if self.has_battery else ""
        return f"reckoned: pv_power_w + grid_power_w{battery}, means of {HOUSEHOLD_STEP_S // 60} min"

    def of(self, day: Day) -> list[Span]:
        """The household of a day, W; where the balance comes out below 0, it is 0, and that is counted."""
        parts = [(1.0, day.get("pv_power_w", [])), (1.0, day.get("grid_power_w", []))]
        if self.has_battery:
            parts.append((-1.0, day.get("battery_power_w", [])))
        found = []
        for span in means(total(parts), HOUSEHOLD_STEP_S):
            energy_wh = span.value * (span.end_s - span.start_s) / 3600
            if span.value < 0:
                self.tally.add("below 0, taken as 0")
                self.below_wh -= energy_wh
            self.above_wh += max(0.0, energy_wh)
            found.append(span._replace(value=max(0.0, span.value)))
        return found

    def warnings(self) -> Iterator[str]:
        """What looks wrong."""
        if self.below_wh > WRONG_SIGN_SHARE * (self.above_wh + self.below_wh):
            yield (
                f"WRONG SIGN? The household came out below 0 by {self.below_wh / 1000:.0f} kWh in all. Grid "
                f"import and charging count positive; turn what counts otherwise with invert_sign in the mapping"
            )
