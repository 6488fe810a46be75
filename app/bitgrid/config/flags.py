"""flags.yaml: what is switched on."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bitgrid.config.errors import ConfigError
from bitgrid.config.files import load_file
from bitgrid.config.schema import Versioned

FILE = "flags.yaml"


class Flags(Versioned):
    """The whole of flags.yaml."""

    r4_enabled: bool = Field(default=True, description="Whether R4, the forecast, is heard.")
    r4_prestart: bool = Field(
        default=False, description="Whether R4 may start a block early on a forecast with 300 W to spare."
    )
    r4_preemptive_stop: bool = Field(
        default=False, description="Whether R4 may wish to stop before the sun leaves."
    )
    first_run: bool = Field(
        default=False,
        description="Whether the house is being set up: nothing starts, whoever asks, and the page "
        "*First run* may write every file. It switches this off at its end.",
    )
    research: bool = Field(
        default=False,
        description="Whether `bitgrid research export` may hand out bundles, names and addresses replaced; the "
        "switch is recorded.",
    )


def is_first_run(flags: Flags, directory: Path) -> bool:
    """Whether the house is being set up still: the end of the first run is written, and starts no process anew.

    Args:
        flags: as this process read them when it began.
        directory: of the configuration, as it is now; a file that cannot be read there ends nothing.
    """
    if not flags.first_run:
        return False
    try:
        return load_file(directory / FILE, Flags).first_run
    except ConfigError:
        return True
