"""What `bitgrid decide` is given: its form, and nothing in it that could be read in two ways. Touches nothing."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bitgrid.kernel.memory import LONG_AGO_BLOCKS

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e7, le=1e7)]
Quantiles = Annotated[list[Number], Field(min_length=3, max_length=3)]
LONGEST = 30
"""Digits of a whole number; many more would not even be converted."""
_USERS_WORD = ("override", "confirmation")


class InputError(ValueError):
    """The JSON cannot be decided upon; the text says what is wrong and what would be right."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OverrideInput(_Model):
    """A person's word. A bare string is its action, or the level it asks for."""

    action: Literal["start", "stop", "level"] = "level"
    level: str | None = None
    ends_in_s: Annotated[int, Field(ge=1, le=86_400)] = 3600

    @model_validator(mode="before")
    @classmethod
    def _of_a_word(cls, told: object) -> object:
        if not isinstance(told, str):
            return told
        return {"action": told} if told in {"start", "stop"} else {"level": told}

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.level is None and self.action == "level":
            raise ValueError("it asks for start, stop or a level")
        if self.level is not None and self.action == "stop":
            raise ValueError("a stop has no level")
        return self


class MemoryInput(_Model):
    """What went before, in blocks ago; left out: off, and long ago."""

    level: str = "off"
    blocks_since_change: Annotated[int, Field(ge=0)] = LONG_AGO_BLOCKS
    blocks_since_start: Annotated[int, Field(ge=0)] | None = None
    starts: Annotated[int, Field(ge=0)] = 0
    stop_wished_blocks: Annotated[int, Field(ge=0)] | None = None
    lockout_left_s: Annotated[int, Field(ge=0, le=86_400)] | None = None


class Input(_Model):
    """A case as it is written down: signals by name, in people's units."""

    signals: dict[str, Number | bool | list[Number | Quantiles] | None]
    memory: MemoryInput = MemoryInput()
    load: str | None = None
    block: Annotated[int, Field(ge=0, le=10**8)] = 10 * LONG_AGO_BLOCKS
    confirmation: str | None = None
    override: OverrideInput | None = None


def read_input(text: str) -> Input:
    """A case of the right form; whether a house can be so is not looked at here.

    Raises:
        InputError: the text is no JSON, or not of this form, or says a thing twice.
    """
    try:
        told = json.loads(text, object_pairs_hook=_once, parse_int=_whole)
        return Input.model_validate(_users_word_lifted(told))
    except ValidationError as error:
        raise InputError(_sentence(error.errors()[0])) from None
    except json.JSONDecodeError as error:
        raise InputError(f"input: invalid JSON: {error}") from None
    except RecursionError:
        raise InputError("input: nested deeper than any state is") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of two values under one name nobody knows which was meant, and the last would win in silence."""
    told: dict[str, Any] = {}
    for name, value in pairs:
        if name in told:
            raise InputError(f"{name}: given twice")
        told[name] = value
    return told


def _whole(digits: str) -> int:
    if len(digits) > LONGEST:
        raise InputError(f"input: a number of {len(digits)} digits is none a house can have")
    return int(digits)


def _users_word_lifted(told: object) -> dict[str, Any]:
    """The user's word may stand among the signals too, for it is part of the state."""
    if not isinstance(told, dict):
        raise InputError('input: an object is needed, with "signals" in it')
    signals = told.get("signals")
    if not isinstance(signals, dict):
        return told
    lifted = {name: signals[name] for name in _USERS_WORD if name in signals}
    if twice := sorted(lifted.keys() & told.keys()):
        raise InputError(f"{twice[0]}: given twice, by itself and among the signals")
    return {**told, **lifted, "signals": {name: signals[name] for name in signals if name not in lifted}}


def _sentence(detail: ErrorDetails) -> str:
    """The first thing that is wrong; the branches of a union all say the same."""
    names = [str(part) for part in detail["loc"]][: 2 if detail["loc"][:1] == ("signals",) else None]
    return f"{'.'.join(names) or 'input'}: {detail['msg']}"
