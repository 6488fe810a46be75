"""docs/drivers.md, made from devices/quality/*.yaml: how far each driver of a miner or relay is, by which test.

A quality scale after Home Assistant's: each point is done, and names the test that would fail; or exempt, or
untested, and says why. ``python -m bitgrid.ops.driver_docs`` prints the page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitgrid import devices
from bitgrid.config.schema import Model
from bitgrid.config.yaml_source import read_yaml

DIRECTORY = Path(devices.__path__[0]) / "quality"
Text = Annotated[str, Field(min_length=10)]

_INTRO = """\
# Drivers of miners and relays

Made by `make docs` from `app/bitgrid/devices/quality/`; not edited by hand. A point is **done** when a test would
fail without it, which is named; *exempt* where it has no meaning; *untested* where it is open. Nobody who works on
this has had the hardware unless a row says so.
"""


class Point(Model):
    """How one point stands: exactly one of the three."""

    done: Annotated[str, Field(pattern=r"^tests/[\w/]+\.py::test_\w+$")] | None = None
    exempt: Text | None = None
    untested: Text | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if [self.done, self.exempt, self.untested].count(None) != 2:  # noqa: PLR2004  of three
            raise ValueError("say one of done, exempt and untested")
        return self


class Points(Model):
    """What a driver is judged by."""

    discovery: Point
    telemetry: Point
    stop_verified: Point
    power_target: Point
    cool_down: Point
    fixtures: Point


class Quality(Model):
    """How far a driver is."""

    name: str
    kind: Literal["miner", "relay"]
    checked_against: Text
    checks: Points


def qualities() -> dict[str, Quality]:
    """Every driver that has a file, by its name in site.yaml."""
    return {path.stem: Quality.model_validate(read_yaml(path).data) for path in sorted(DIRECTORY.glob("*.yaml"))}


def points(quality: Quality) -> dict[str, Point]:
    """How each point of a driver stands, by its name."""
    return {name: getattr(quality.checks, name) for name in Points.model_fields}


def render() -> str:
    """The whole page."""
    every = qualities()
    heads = [name.replace("_", " ") for name in Points.model_fields]
    table = f"\n| driver | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}\n"
    table += "".join(f"| [{q.name}](#{key}) | {_words(q)} |\n" for key, q in every.items())
    return _INTRO + table + "".join(_section(key, quality) for key, quality in every.items())


def _words(quality: Quality) -> str:
    return " | ".join(_word(point) for point in points(quality).values())


def _word(point: Point) -> str:
    return "**done**" if point.done else "*exempt*" if point.exempt else "untested"


def _section(key: str, quality: Quality) -> str:
    about = f"\n## {key}\n\n{quality.name}, a {quality.kind}. Checked against: {quality.checked_against}\n\n"
    rows = [
        f"- {name.replace('_', ' ')}: {_word(point)}. {_why(point)}\n" for name, point in points(quality).items()
    ]
    return about + "".join(rows)


def _why(point: Point) -> str:
    return f"`{point.done}`" if point.done else str(point.exempt or point.untested)


if __name__ == "__main__":
    sys.stdout.write(render())
