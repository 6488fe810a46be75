"""Each night's check on yesterday: whose expectation was how far off, and who is believed from then on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bitgrid.feeds.pv.sky import Learned

Band = Literal["hour", "day"]
HOUR_S = 3600
HALF_LIFE_NIGHTS = 7
Error = Annotated[float, Field(ge=0)]


def band_of(lead_s: float) -> Band:
    """The coming hour and the day after it are judged apart: one may be worth following where the other is not."""
    return "hour" if lead_s < HOUR_S else "day"


class Score(Learned):
    """Sums of errors, W, older nights fading; ``nights`` counts them likewise."""

    own: Error = 0.0
    persistence: Error = 0.0
    outside: Error = 0.0
    own_beside_outside: Error = 0.0
    """Our own, where there was one from outside too: the two are only comparable there."""
    nights: Error = 0.0

    def after(self, night: Score) -> Score:
        """With one more night."""
        fade = 0.5 ** (1 / HALF_LIFE_NIGHTS)
        return Score(**{name: fade * value + getattr(night, name) for name, value in self})

    @property
    def is_worse_than_persistence(self) -> bool:
        """Whether a clear sky that stays as clouded as it is would have been nearer."""
        return self.own > self.persistence


class Trust(Learned):
    """What the checks said.

    Args:
        scores: by band.
        checked_to: block up to which was checked; nothing is judged twice.
        outside_scale: the roof's clearness over the clearness that somebody else expected, as measured lately.
    """

    scores: dict[Band, Score] = Field(default_factory=dict)
    checked_to: int = 0
    outside_scale: Annotated[float, Field(gt=0)] = 1.0

    def falls_back(self, band: Band) -> bool:
        """Whether persistence stands in for the forecast."""
        return self.scores.get(band, Score()).is_worse_than_persistence

    def outside_share(self, band: Band) -> float:
        """How much of somebody else's expectation is taken: by squared errors; none before it was ever checked."""
        score = self.scores.get(band, Score())
        own, outside = score.own_beside_outside**2, score.outside**2
        return own / (own + outside) if outside > 0 else 0.0

    @property
    def takes_outside(self) -> bool:
        """Whether somebody else's expectation has a say."""
        return any(self.outside_share(band) > 0 for band in self.scores)

    @property
    def words(self) -> str:
        """What a person should know; empty while the forecast is the better one."""
        names: dict[Band, str] = {"hour": "the coming hour", "day": "the day ahead"}
        bad = [names[band] for band in names if self.falls_back(band)]
        if not bad:
            return ""
        return (
            f"the PV forecast of {' and '.join(bad)} was lately worse than a sky that stays as it is; "
            "that stands in for it until the nightly check finds it better again"
        )
