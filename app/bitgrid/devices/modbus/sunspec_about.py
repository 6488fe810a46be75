"""What a SunSpec device says of itself: who made it, what it is rated at, and whether somebody holds it down.

Read for people (a scan, a test of a device), not for the rules: nameplate 120 and 702, settings 121, controls 123.
Nothing is ever written.
"""

from __future__ import annotations

from bitgrid.devices.modbus.sunspec_models import (
    COMMON,
    Layout,
    find_models,
    read_block,
    registers_for,
    text,
    value,
)
from bitgrid.devices.ports import About
from bitgrid.devices.transport import RegisterReader

_COMMON_REGISTERS = 68
_CONTROLS, _IS_ON = 123, 1


def about(read: RegisterReader, device: str) -> About:
    """Ask a device what it is.

    Raises:
        DeviceError: it does not answer, or not in SunSpec.
    """
    layout = find_models(read, device)
    common = read_block(read, layout[COMMON], _COMMON_REGISTERS) if COMMON in layout else []
    is_limited = _tell(read, layout, _CONTROLS, "WMaxLim_Ena") == _IS_ON
    rated_w, max_w = _tell(read, layout, 120, "WRtg"), _tell(read, layout, 121, "WMax")
    return About(
        maker=text(common, COMMON, "Mn"),
        model=text(common, COMMON, "Md"),
        serial=text(common, COMMON, "SN"),
        rated_w=_tell(read, layout, 702, "WMaxRtg") if rated_w is None else rated_w,
        max_w=_tell(read, layout, 702, "WMax") if max_w is None else max_w,
        limit_pct=_tell(read, layout, _CONTROLS, "WMaxLimPct") if is_limited else None,
        models=tuple(layout),
    )


def _tell(read: RegisterReader, layout: Layout, model: int, point: str) -> float | None:
    if model not in layout:
        return None
    return value(read_block(read, layout[model], registers_for(model, point)), model, point)
