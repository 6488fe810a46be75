"""What the control socket can be asked: one JSON object in, one out. For people and tests alone."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from bitgrid.plant.errors import PlantError
from bitgrid.plant.faults import DESCRIPTIONS, Fault
from bitgrid.plant.model import House
from bitgrid.plant.wire_faults import WireFault


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AskStatus(_Asked):
    """The whole truth about the house."""

    command: Literal["status"] = "status"


class AskFaults(_Asked):
    """Which faults there are."""

    command: Literal["faults"] = "faults"


class AskFault(_Asked):
    """Let a fault happen."""

    command: Literal["fault"] = "fault"
    name: Fault


class AskClear(_Asked):
    """End a fault; without a name, all of them."""

    command: Literal["clear"] = "clear"
    name: Fault | None = None


class AskWire(_Asked):
    """Let a wire go bad; without a fault, mend it."""

    command: Literal["wire"] = "wire"
    name: str
    fault: WireFault | None = None


class AskSet(_Asked):
    """Change the house: what clouds let through, the battery's charge, load on top of the household's."""

    command: Literal["set"] = "set"
    pv_factor: Annotated[float, Field(ge=0, le=1)] | None = None
    soc_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    extra_load_w: Annotated[int, Field(ge=0, le=100_000)] | None = None


Asked = AskStatus | AskFaults | AskFault | AskClear | AskWire | AskSet


class _Line(RootModel[Annotated[Asked, Field(discriminator="command")]]):
    """One line."""


class Desk:
    """Answers for one house."""

    def __init__(self, house: House) -> None:
        self._house = house

    def answer(self, line: bytes) -> bytes:
        """The answer to one line; ``ok`` says whether it was done, ``error`` why not."""
        try:
            said = {"ok": True} | self._do(_Line.model_validate_json(line).root)
        except ValidationError as error:
            said = {"ok": False, "error": _in_words(error)}
        except PlantError as error:
            said = {"ok": False, "error": str(error)}
        return json.dumps(said, separators=(",", ":")).encode()

    def _do(self, asked: Asked) -> dict[str, Any]:
        faults = self._house.faults
        match asked:
            case AskStatus():
                return {"status": self._house.status()}
            case AskFault(name=name):
                faults.add(name)
            case AskClear(name=None):
                faults.clear()
                self._house.wiring.mend()
            case AskClear(name=name) if name:
                faults.discard(name)
            case AskWire(name=name, fault=fault):
                self._house.wiring.spoil(name, fault)
            case AskSet():
                self._set(asked)
        known = [{"name": fault, "active": fault in faults, "text": DESCRIPTIONS[fault]} for fault in Fault]
        return {"faults": known}

    def _set(self, asked: AskSet) -> None:
        house = self._house
        if asked.soc_pct is not None:
            if house.battery is None:
                raise PlantError("this house has no battery; give site.yaml a battery, or leave soc_pct out")
            house.battery.set_soc(asked.soc_pct)
        if asked.pv_factor is not None:
            house.pv_factor = asked.pv_factor
        if asked.extra_load_w is not None:
            house.extra_load_w = asked.extra_load_w


def _in_words(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems)
