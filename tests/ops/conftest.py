from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitgrid.config import Site
from bitgrid.config.loading import load_file

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def config_dir(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to be changed at will."""
    return Path(shutil.copytree(REPOSITORY / "config", tmp_path / "config", ignore=shutil.ignore_patterns("*.md")))


@pytest.fixture
def site(config_dir: Path) -> Site:
    return load_file(config_dir / "site.yaml", Site)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A program that holds a port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server
