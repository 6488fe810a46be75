"""A decision's record as explain and web read it: what came over the bus, checked before a word is said of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{1,64}$")]
EpochS = Annotated[int, Field(ge=0, le=4_102_444_800)]  # until 2100
ActionName = Literal["START", "STOP", "THROTTLE", "HOLD"]
Values = Annotated[dict[Name, int | float | None], Field(max_length=32)]


class _View(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class VoteView(_View):
    """One rule's vote; values in the units of their names."""

    rule: Name
    rank: Annotated[int, Field(ge=0, le=99)]
    vote: Literal["none", "stop", "forbid_start", "cap", "hold", "level"]
    level: Name | None = None
    code: Name
    inputs: Values = {}
    thresholds: Values = {}
    margin: int | float | None = None
    margin_input: Name | None = None


class PathView(_View):
    """What a surplus kWh is worth on each path, ct/kWh (None: not open, or not known), and the policy."""

    export: float | None = None
    store: float | None = None
    heat: float | None = None
    hodl: float | None = None
    preferred: Name | None = None
    policy: Name
    chosen_policy: Name


class BalanceInputs(_View):
    """The surplus by the meter, and as PV less household, W."""

    by_meter_w: int
    by_inverter_w: int


class BalanceView(_View):
    """Whether the two contradict each other, and the signals whose sign would explain that."""

    inputs: BalanceInputs
    is_mismatch: bool
    is_house_measured: bool = True
    explained_by: Annotated[list[Name], Field(max_length=8)] = []


class AlternativeView(_View):
    """One input's change that would have changed the action, as the kernel has verified it; in people's units."""

    input: Name
    value: int | float
    present: int | float
    change: int | float
    action: ActionName
    level: Name
    rule: Name
    code: Name


class SignalView(_View):
    """A signal of the state that was decided on, in people's units."""

    value: float | None = None
    age_s: float | None = None
    quality: Name


class StateView(_View):
    """The state that was decided on, as far as anything is said of it."""

    signals: Annotated[dict[Name, SignalView], Field(max_length=1000)] = {}


class RecordView(_View):
    """What a decision's record says (`kernel.record` writes it); keys unknown here are passed over."""

    load: Name
    at_s: EpochS
    block: Annotated[int, Field(ge=0)] | None = None
    trigger: Literal["TICK", "PROTECT", "USER", "EXPIRY", "RESYNC"]
    valid_until_s: EpochS
    action: ActionName
    level: Name
    level_before: Name | None = None
    power_w: int
    rule: Name
    code: Name
    surplus_w: int | None = None
    balance: BalanceView | None = None
    energy_path: PathView | None = None
    state: StateView = StateView()
    votes: Annotated[list[VoteView], Field(max_length=16)] = []
    next_change_at_s: EpochS | None = None
    degraded: Annotated[list[Name], Field(max_length=64)] = []
    config_hash: Annotated[str, Field(max_length=64)] = ""
    counterfactuals: Annotated[list[AlternativeView], Field(max_length=64)] = []

    @property
    def was_on(self) -> bool:
        """Whether the load ran before this decision."""
        return (self.level_before or self.level) != "off"

    @property
    def is_on(self) -> bool:
        """Whether the load is to run under this decision."""
        return self.level != "off"

    @property
    def binding(self) -> VoteView | None:
        """The vote that the decision names; None where the clock decided without asking the rules."""
        return next((vote for vote in self.votes if (vote.rule, vote.code) == (self.rule, self.code)), None)

    def block_starts_s(self, blocks_ahead: int) -> float | None:
        """When a block begins, counted from the one of this decision; the record's own figures give its length."""
        if self.block is None:
            return None
        return (self.block + blocks_ahead) * (self.valid_until_s / (self.block + 1))


def read_record(record: dict[str, Any]) -> RecordView | None:
    """A record from the bus; None for anything that is not one."""
    try:
        return RecordView.model_validate(record)
    except ValidationError:
        return None
