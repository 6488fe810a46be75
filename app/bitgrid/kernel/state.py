"""EnergyState: the single source of truth of one decision, immutable, each value with its age and quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bitgrid.kernel.outlook import Outlook


class Quality(StrEnum):
    """How far a value can be trusted."""

    GOOD = "good"
    STALE = "stale"
    INVALID = "invalid"
    MISSING = "missing"


class Signal(NamedTuple):
    """A value in the kernel's integers, its age in whole seconds (None: never seen), and where it comes from."""

    value: int | None
    age_s: int | None = 0
    quality: Quality = Quality.GOOD
    source: str = ""


_SCALES = (
    ("j_per_th", 10),
    ("temp_c", 10),
    ("soc_pct", 10),
    ("min_pct", 10),
    ("ct_kwh", 100),
    ("hashrate_ths", 10),
)


def scale_of(name: str) -> int:
    """How many of the kernel's units make one of the unit in a signal's name."""
    return next((scale for ending, scale in _SCALES if name.endswith(ending)), 1)


def to_scaled(name: str, value: float) -> int:
    """A value in the unit of its signal's name, in the kernel's integers."""
    return round(value * scale_of(name))


def to_people(name: str, value: int) -> int | float:
    """The way back: kernel integers in the unit of the signal's name."""
    scale = scale_of(name)
    return value if scale == 1 else value / scale


@dataclass(frozen=True)
class Forecast:
    """What is expected, by block from ``first_block`` on: stored once, under its hash, and used until it ends.

    Args:
        first_block: the block of index 0.
        pv_w: PV power (p50), W.
        pv_low_w, pv_high_w: the same at p10 and p90; empty where only p50 is known.
        load_w: household, W; empty: the present one stands in.
        import_prices, export_prices: 0.01 ct/kWh; empty where no feed gives them.
    """

    first_block: int
    pv_w: tuple[int, ...] = ()
    pv_low_w: tuple[int, ...] = ()
    pv_high_w: tuple[int, ...] = ()
    load_w: tuple[int, ...] = ()
    import_prices: tuple[int, ...] = ()
    export_prices: tuple[int, ...] = ()


@dataclass(frozen=True)
class EnergyState:
    """The house at one moment, for the decision on one load.

    Args:
        at_s: UTC epoch seconds.
        block: number of the block.
        clock_epoch: how often the wall clock has stepped; with ``block`` it keys the record.
        local_day: the local date as yyyymmdd, for what is counted by the day.
        signals: name to signal; per load with its id in front (``miner.temp_c``).
        required: names that the site measures; one that is not good makes the state degraded.
        load_ids: every flexible load whose power is part of the balance.
        forecast: what is expected of the coming blocks; None where nothing is.
        outlook: the battery carried forward over the forecast; None where that is not possible.
        autonomy: 0 manual, 1 assisted, 2 semi, 3 full.
        confirmation: the level a person has confirmed for this block.
        surplus_left_w: what the loads before this one left; None for the first.
        config_hash: the configuration the rules come from.
    """

    at_s: int
    block: int
    clock_epoch: int = 0
    local_day: int = 0
    signals: Mapping[str, Signal] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    load_ids: tuple[str, ...] = ()
    forecast: Forecast | None = None
    outlook: Outlook | None = None
    autonomy: int = 3
    confirmation: str | None = None
    surplus_left_w: int | None = None
    config_hash: str = ""
    degraded: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Required signals that are not good, by name."""
    good: Callable[[str], int | None] = field(init=False, repr=False, compare=False)
    """A signal's value if it is good, else None. Asked thirty times a decision: a dictionary's own lookup."""

    def __post_init__(self) -> None:
        """What every rule asks for is worked out once."""
        good = {
            name: signal.value
            for name, signal in self.signals.items()
            if signal.quality is Quality.GOOD and signal.value is not None
        }
        object.__setattr__(self, "good", good.get)
        object.__setattr__(self, "degraded", tuple(name for name in self.required if name not in good))

    def coming(self, curve: str, blocks: int | None = None) -> tuple[int, ...]:
        """A curve of the forecast by name, from the block now beginning on; at most so many blocks of it."""
        if self.forecast is None:
            return ()
        values: tuple[int, ...] = getattr(self.forecast, curve)
        begins = max(0, self.block - self.forecast.first_block)
        return values[begins:] if blocks is None else values[begins : begins + blocks]

    @property
    def loads_power_w(self) -> int:
        """What all flexible loads draw together, W; a load that tells nothing counts as drawing nothing."""
        return sum(self.good(f"{load}.power_w") or 0 for load in self.load_ids)

    @property
    def house_load_w(self) -> int | None:
        """Household without the flexible loads: measured, or derived from the balance."""
        measured = self.good("house_load_w")
        if measured is not None:
            return measured
        pv, grid = self.good("pv_power_w"), self.good("grid_power_w")
        battery = battery_power_w(self)
        if pv is None or grid is None or battery is None:
            return None
        return pv + grid - battery - self.loads_power_w


def surplus_w(state: EnergyState, battery_claim_w: int = 0) -> int | None:
    """What the house has over, W: from the meter's balance, else PV less household; None when neither is known.

    The meter form does not collapse when the load itself starts, because the load's own power is part of it.
    """
    if state.surplus_left_w is not None:
        return state.surplus_left_w
    grid, battery = state.good("grid_power_w"), battery_power_w(state)
    if grid is not None and battery is not None:
        return state.loads_power_w + battery - grid - battery_claim_w
    pv, house = state.good("pv_power_w"), state.good("house_load_w")
    return None if pv is None or house is None else pv - house - battery_claim_w


def battery_power_w(state: EnergyState) -> int | None:
    """Charging power, W; 0 in a house without a battery; None where there is one whose power is not known."""
    if "battery_power_w" in state.signals:
        return state.good("battery_power_w")
    return None if "battery_soc_pct" in state.signals else 0
