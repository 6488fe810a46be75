"""What somebody else expects of the sky, as clearness; each answer is kept a while so that it can be checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bitgrid.config.house import Location
from bitgrid.feeds.pv.sky import Learned, sun_at
from bitgrid.sun import clear_sky

HOUR_S = 3600
KEEP_S = 3 * 86_400
OLD_S = 24 * HOUR_S
"""An answer older than this says nothing of a block to come."""
FAINT_W_M2 = 30.0
"""With less of clear sky, a ratio to it tells nothing."""
Irradiance = Annotated[float, Field(ge=0, le=1500)]


class Answer(Learned):
    """Mean irradiance of the horizontal, W/m², of the hours from ``begins_s`` on; None where there is a hole."""

    at_s: float
    begins_s: int
    hours_w_m2: list[Irradiance | None]


class Outside(Learned):
    """The answers of the last days, oldest first.

    Args:
        place: which they were asked for.
        block_s: length of a block, s.
    """

    place: Location
    block_s: int
    answers: list[Answer] = Field(default_factory=list)

    def with_answer(self, answer: Answer) -> Outside:
        """One more, the old ones gone; one from a clock that ran ahead goes too."""
        kept = [old for old in self.answers if answer.at_s - KEEP_S <= old.at_s < answer.at_s]
        return self.model_copy(update={"answers": [*kept, answer]})

    def clearness(self, issue: int, target: int) -> float | None:
        """Expected of a block by the newest answer that was there when ``issue`` began; None: by none."""
        issue_s = issue * self.block_s
        for answer in reversed(self.answers):
            if answer.at_s <= issue_s:
                is_old = issue_s - answer.at_s > OLD_S
                return None if is_old else self._clearness(answer, target * self.block_s + self.block_s // 2)
        return None

    def _clearness(self, answer: Answer, moment_s: int) -> float | None:
        hour = (moment_s - answer.begins_s) // HOUR_S
        if not 0 <= hour < len(answer.hours_w_m2):
            return None
        told, begins_s = answer.hours_w_m2[hour], answer.begins_s + hour * HOUR_S
        clear = clear_hour_w_m2(self.place, begins_s)
        return None if told is None or clear < FAINT_W_M2 else told / clear


def clear_hour_w_m2(place: Location, begins_s: int) -> float:
    """Mean irradiance of the horizontal under a cloudless sky in the hour that begins at ``begins_s``."""
    parts = [sun_at(begins_s // 600 + part, place, 600).elevation_deg for part in range(6)]
    return sum(clear_sky(elevation).global_w_m2 for elevation in parts) / len(parts)
