"""`bitgrid run` with fewer programs, for tests of the running itself: ``small_house.py VAR CONFIG PROGRAM…``.

A program written as ``name=command`` is run as it stands; any other name is the house's own.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bitgrid.ops.plan import Wishes
from bitgrid.ops.programs import BROKER, REVIVER, Program, broker_program, reviver_program, service_program
from bitgrid.ops.run import run


def choose(names: Sequence[str], mosquitto_conf: Path | None) -> list[Program]:
    return [_program(name, mosquitto_conf) for name in names]


def _program(name: str, mosquitto_conf: Path | None) -> Program:
    if "=" in name:
        name, command = name.split("=", 1)
        return Program(name, 50, tuple(shlex.split(command)))
    if name == BROKER:
        assert mosquitto_conf
        return broker_program(mosquitto_conf)
    return reviver_program() if name == REVIVER else service_program(name, 30)


if __name__ == "__main__":
    var, config, *programs = sys.argv[1:]
    try:
        sys.exit(run(Wishes(config=Path(config), var=Path(var)), lambda conf, _simulated: choose(programs, conf)))
    except click.ClickException as refusal:
        refusal.show()
        sys.exit(refusal.exit_code)
