"""docs/devices.md, made from the profiles in config/devices/: what is read, where, and after which source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bitgrid.config.profiles import DeviceProfile, JsonPoint, Point, RegisterPoint, RegisterProfile, TopicPoint
from bitgrid.config.profiling import load_profile

_INTRO = """\
# Devices

Made by `make docs` from `config/devices/`; not edited by hand. Devices that speak SunSpec need no profile: see
[sunspec.md](sunspec.md).

A device of `kind: profile` in site.yaml names one of these profiles; port and unit come from it where site.yaml
leaves them out. Signs are the house's: PV + generating, battery + charging, grid + import; `house_load_w` is the
household without the flexible loads. *Checked against documentation* means that nobody of BitGrid has read it from
a real device yet: compare the figures with the device's own display before you let a load be switched. A figure
that a device does not tell is missing, never 0.
"""


def render(directory: Path) -> str:
    """The whole page.

    Raises:
        ConfigError: a profile is wrong.
    """
    profiles = {path.stem: load_profile(path) for path in sorted(directory.glob("*.yaml"))}
    return _INTRO + "".join(_section(name, profile) for name, profile in profiles.items())


def _section(name: str, profile: DeviceProfile) -> str:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(profile))
    return (
        f"\n## {profile.name}\n\n`profile: {name}`, {_reached(profile)}. Checked against {profile.checked}.\n\n"
        f"| signal | where | type | factor | read in | told as missing |\n|---|---|---|---|---|---|\n{rows}"
        f"\nSource: {profile.source.strip()}\n" + (f"\n{profile.notes.strip()}\n" if profile.notes else "")
    )


def _reached(profile: DeviceProfile) -> str:
    if not isinstance(profile, RegisterProfile):
        return profile.transport.upper()
    quirks = profile.quirks
    pauses = [
        f"{quirks.connect_delay_s:g} s after connecting" if quirks.connect_delay_s else "",
        f"{quirks.pause_s:g} s between requests" if quirks.pause_s else "",
        "one connection at a time" if quirks.single_connection else "",
    ]
    said = [f"Modbus TCP, port {profile.port}, unit {profile.unit_id}", *filter(None, pauses)]
    return "; ".join(said)


def _rows(profile: DeviceProfile) -> Iterator[tuple[str, ...]]:
    for signal, told in profile.signals.items():
        for point in told.points:
            where, kind = _place(point)
            factor = f"{point.scale:g}" + (f", {point.offset:+g}" if point.offset else "")
            yield f"`{signal}`", where, kind, factor, point.unit, _missing(point)


def _place(point: Point) -> tuple[str, str]:
    match point:
        case RegisterPoint():
            order = ", low word first" if point.word_order == "low_first" else ""
            return f"{point.function} {point.address}", f"{point.type}{order}"
        case JsonPoint():
            return f"`{point.path}` `{point.pointer}`", "JSON"
        case TopicPoint():
            return f"`{point.topic}` `{point.pointer}`", "JSON" if point.pointer else "number"
    raise TypeError(f"no place is known for {type(point).__name__}")


def _missing(point: Point) -> str:
    if not isinstance(point, RegisterPoint):
        return ""
    raws = [f"0x{raw:X}" for raw in point.not_told]
    if point.type == "float32":
        raws.append("NaN")
    return ", ".join(raws) + (" (then left out)" if point.optional else "")
