"""Loading a configuration for a command: what is wrong with it is printed, and the command ends with 78."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bitgrid.config import Config, ConfigError, load_config

EXIT_BAD_CONFIG = 78  # EX_CONFIG of sysexits(3)


class BadConfig(click.ClickException):
    """The configuration cannot be used."""

    exit_code = EXIT_BAD_CONFIG

    def format_message(self) -> str:
        """Every problem, a line each."""
        return f"the configuration cannot be used; nothing was started or changed.\n{self.message}"


@contextmanager
def config_errors_told() -> Iterator[None]:
    """Turn a `ConfigError` into text for a person."""
    try:
        yield
    except ConfigError as error:
        raise BadConfig(str(error)) from None


def load(directory: Path) -> Config:
    """Load a configuration.

    Raises:
        BadConfig: with every problem.
    """
    with config_errors_told():
        return load_config(directory)
