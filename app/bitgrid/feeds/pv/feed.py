"""The PV forecast on the bus: from this block on, a day and a half, as [p10, p50, p90]."""

from __future__ import annotations

from collections.abc import Iterator

from bitgrid.bus import Telemetry
from bitgrid.clock import Clock
from bitgrid.feeds.port import Told
from bitgrid.feeds.pv.clearness import HOUR_S, RECENT_S, Clearness
from bitgrid.feeds.pv.forecast import Outlook
from bitgrid.feeds.pv.memory import Memory
from bitgrid.feeds.pv.model import Model, Triple
from bitgrid.feeds.pv.open_meteo import OpenMeteo
from bitgrid.feeds.pv.outside import Outside
from bitgrid.feeds.pv.sky import Sky
from bitgrid.feeds.pv.teacher import Teacher

DEVICE, SIGNAL = "forecast", "pv_forecast_w"
HORIZON_S = 36 * HOUR_S
"""R4 wants half a day beyond whichever block of the coming day is looked at."""
NOT_YET = (
    "there is no PV forecast yet: site.yaml names no planes under pv, and too little sun was measured to learn "
    "the roof; until then the forecast rule (R4) abstains"
)


class PvForecastFeed:
    """A feed; a new forecast in each block, and again when its last measured block or a lesson comes in.

    Args:
        teacher: what is learned.
        memory: what was measured.
        outside: what somebody else expects; None: nobody is asked.
        clock: of the house.
        block_s: length of a block, s.
    """

    def __init__(
        self, teacher: Teacher, memory: Memory, outside: OpenMeteo | None, clock: Clock, block_s: int
    ) -> None:
        self._teacher, self._memory, self._outside = teacher, memory, outside
        self._clock, self._block_s = clock, block_s
        self._made_of: tuple[int, bool, int, int] | None = None
        self._sky: Sky | None = None
        self._block, self._made_boot_s = 0, 0.0
        self._forecast_w: list[Triple] = []

    def step(self) -> None:
        """Learn and ask when that is due; reckon anew when there is something new to reckon with."""
        self._teacher.step(self._answers())
        if self._outside is not None:
            self._outside.step()
        block = int(self._clock.now() // self._block_s)
        answers = self._answers()
        is_known = self._is_known(block)
        made_of = block, is_known, self._teacher.lessons, len(answers.answers) if answers else 0
        if made_of != self._made_of:
            self._made_of = made_of
            self._reckon(block)

    def told(self) -> Iterator[Told]:
        """The forecast from its block on."""
        if self._forecast_w:
            age_s = max(0.0, self._clock.boot() - self._made_boot_s)
            yield Told(
                DEVICE,
                SIGNAL,
                Telemetry(value=self._forecast_w, source=self._source(), age_s=age_s, first_block=self._block),
            )

    def problem(self) -> str:
        """What is missing, what stands in, and what failed."""
        parts = [
            "" if self._forecast_w else NOT_YET,
            self._teacher.trust.words,
            self._teacher.problem,
            self._memory.problem,
            "" if self._outside is None else self._outside.problem,
        ]
        return "; ".join(filter(None, parts))

    def _answers(self) -> Outside | None:
        return None if self._outside is None else self._outside.outside

    def _is_known(self, block: int) -> bool:
        """Whether the block that just ended is; once it is, nobody asks again."""
        was_known = self._made_of is not None and self._made_of[:2] == (block, True)
        return was_known or self._memory.knows(block - 1)

    def _reckon(self, block: int) -> None:
        model = self._teacher.model
        self._block, self._made_boot_s = block, self._clock.boot()
        if model is None:
            self._forecast_w = []
            return
        sky = self._sky_of(model)
        clearness = Clearness(self._memory.record(block, RECENT_S), sky)
        outlook = Outlook(model, sky, clearness, self._teacher.trust, self._answers())
        self._forecast_w = outlook.watts(block, HORIZON_S // self._block_s)

    def _sky_of(self, model: Model) -> Sky:
        if self._sky is None or self._sky.roof != model.roof:
            self._sky = Sky(model.roof, self._teacher.place, self._block_s)
        return self._sky

    def _source(self) -> str:
        model, trust = self._teacher.model, self._teacher.trust
        if model is None or not model.days:
            words = "clear sky of the roof in site.yaml"
        elif not model.lines:
            words = f"clear sky, days measured: {model.days}"
        else:
            words = f"learned from {model.days} days"
        if trust.words:
            words += ", persistence where that was better"
        return words + (" and open-meteo" if trust.takes_outside and self._outside is not None else "")
