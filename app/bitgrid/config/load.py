"""A load in site.yaml: what may be switched, at which levels, and what cuts its power."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitgrid.config.schema import Host, Identifier, Model, Port, Watts

MAX_LEVELS = 40
LEASE_S = 45
"""How long a lease lasts; a relay's own timer is armed anew within it."""
NO_RELAY_SENTENCE = "I accept that this load keeps its power when the whole appliance fails"


class LevelConfig(Model):
    """A level at which a load can run."""

    name: Identifier = Field(description="The level's name.")
    power_w: Annotated[int, Field(gt=0, le=100_000)] = Field(description="What the load draws at this level, W.")
    min_surplus_w: Watts = Field(description="Surplus from which this level is proposed (R1).")
    profile: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="The miner's own name for it, where it has profiles (LuxOS)."
    )


class PowerRange(Model):
    """A load with a power target: its levels are every step of a range, each for its own surplus."""

    min_w: Annotated[int, Field(gt=0, le=100_000)] = Field(description="The lowest power.")
    max_w: Annotated[int, Field(gt=0, le=100_000)] = Field(description="The highest power.")
    step_w: Annotated[int, Field(ge=50, le=100_000)] = Field(
        default=200, description="From one level to the next."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.max_w <= self.min_w:
            raise ValueError("max_w must be above min_w")
        if (self.max_w - self.min_w) // self.step_w > MAX_LEVELS:
            raise ValueError(f"more than {MAX_LEVELS} levels; take a larger step_w")
        return self

    def levels(self) -> list[dict[str, str | int]]:
        """As they would stand under ``levels``."""
        watts = [*range(self.min_w, self.max_w, self.step_w), self.max_w]
        return [{"name": f"w{power_w}", "power_w": power_w, "min_surplus_w": power_w} for power_w in watts]


class MinerConfig(Model):
    """The miner behind a load and how to reach it."""

    driver: Literal["avalon", "axeos", "luxos", "braiins", "pyasic"] = Field(description="The API it speaks.")
    host: Host = Field(description="Its address.")
    port: Port = Field(description="Its API's port.")
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with `user:password`, where it asks for one."
    )


class RelayConfig(Model):
    """The relay that cuts a load's power."""

    kind: Literal["shelly_gen2", "shelly_gen1", "tasmota"] = Field(
        default="shelly_gen2", description="The API it speaks."
    )
    host: Host = Field(description="Its address.")
    port: Port = Field(default=80, description="Its port.")
    channel: Annotated[int, Field(ge=0, le=7)] = Field(default=0, description="Which of its outputs, from 0.")
    secret: Identifier | None = Field(
        default=None, description="File in the secrets' directory with `user:password`, where it asks for one."
    )
    auto_off_s: Annotated[int, Field(ge=60, le=600)] = Field(
        default=120,
        description="Seconds after which the relay opens by itself when nobody renews; set in the relay too.",
    )


class LoadConfig(Model):
    """A load that may be switched. Exactly one of a relay or the owner's acceptance to go without."""

    id: Identifier = Field(description="Its name, on the bus and in sentences.")
    priority: Annotated[int, Field(ge=1, le=99, description="1 is served first.")] = 1
    miner: MinerConfig | None = Field(
        default=None, description="Without one the load is whatever hangs on the relay: a heating rod, a boiler."
    )
    relay: RelayConfig | None = None
    accept_no_relay: Literal["I accept that this load keeps its power when the whole appliance fails"] | None = (
        Field(default=None, description="In place of a relay: the owner's own words.")
    )
    levels: Annotated[list[LevelConfig], Field(min_length=1, description="Lowest first.")]
    power_range: PowerRange | None = Field(default=None, description="In place of levels: every step of a range.")
    joules_per_terahash: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None, description="What a terahash costs a miner, J; 5 % more is told."
    )
    ramp_s: Annotated[int, Field(ge=0, le=1800)] = Field(
        default=180, description="Seconds from one level to the next."
    )
    boot_grace_s: Annotated[int, Field(ge=0, le=600)] = Field(
        default=180, description="Seconds after a start in which it may be silent."
    )
    off_below_w: Annotated[int, Field(ge=1, le=500, description="Measured power below this is off.")] = 50
    cooldown_s: Annotated[int, Field(ge=0, le=300, description="Fans run on before power is cut.")] = 30

    @model_validator(mode="before")
    @classmethod
    def _levels_of_range(cls, given: object) -> object:
        """Where a power range stands in place of levels, its steps are the levels."""
        if not isinstance(given, dict) or "levels" in given or "power_range" not in given:
            return given
        power_range = PowerRange.model_validate(given["power_range"])
        return {**given, "levels": power_range.levels()}

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        for lower, higher in zip(self.levels, self.levels[1:], strict=False):
            if higher.power_w <= lower.power_w or higher.min_surplus_w <= lower.min_surplus_w:
                raise ValueError(
                    f"levels must rise: {higher.name} needs more power_w and min_surplus_w than {lower.name}"
                )
        names = [level.name for level in self.levels]
        if "off" in names or len(set(names)) != len(names):
            raise ValueError("level names must differ, and none may be called off")
        return self

    @model_validator(mode="after")
    def _running_is_not_off(self) -> Self:
        lowest_w = self.levels[0].power_w
        if self.off_below_w >= lowest_w:
            raise ValueError(
                f"off_below_w must be below the lowest level's {lowest_w} W, or running passes for off"
            )
        return self

    @model_validator(mode="after")
    def _driver_can_do_it(self) -> Self:
        if self.miner is not None:
            if self.miner.driver in {"axeos", "pyasic"} and len(self.levels) > 1:
                name = {"axeos": "an AxeOS miner", "pyasic": "a miner through pyasic"}[self.miner.driver]
                raise ValueError(f"{name} can only pause and resume: give it one level")
            if (
                self.miner.driver == "luxos"
                and len(self.levels) > 1
                and None in [level.profile for level in self.levels]
            ):
                raise ValueError("a LuxOS miner is set by its profiles: give each of its levels a profile")
            if self.joules_per_terahash is None:
                raise ValueError("a miner needs joules_per_terahash; its data sheet says it as J/TH")
        elif self.relay is None:
            raise ValueError("a load needs a miner, a relay, or both")
        elif len(self.levels) > 1:
            raise ValueError("a relay can only switch on and off: give a load without a miner one level")
        return self

    @model_validator(mode="after")
    def _cools_down_before_the_relay_opens(self) -> Self:
        if self.relay is not None and self.cooldown_s + LEASE_S > self.relay.auto_off_s:
            raise ValueError(
                f"relay.auto_off_s must be at least cooldown_s + {LEASE_S}, or the relay cuts the fans off early"
            )
        return self

    @model_validator(mode="after")
    def _relay_or_accepted(self) -> Self:
        if (self.relay is None) == (self.accept_no_relay is None):
            raise ValueError(f'give a relay, or accept_no_relay: "{NO_RELAY_SENTENCE}"; one of the two')
        return self
