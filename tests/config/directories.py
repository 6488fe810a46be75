"""A configuration directory of one's own: change it, and see what is told of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bitgrid.config import ConfigError, load_config

SHIPPED = Path(__file__).parents[2] / "config"


def copied(parent: Path) -> Path:
    """What is shipped, to be changed."""
    return Path(shutil.copytree(SHIPPED, parent / "config"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def problems(directory: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    return str(caught.value).splitlines()
