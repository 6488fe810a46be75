"""A real Home Assistant beside the whole house; `make test-homeassistant` makes one ready and names it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ha.conftest import HASS_VARIABLE
from ha.real.home_assistant import HomeAssistant
from system.stack import Stack
from web.talk import REPOSITORY

SPEED = 20


@dataclass
class Home:
    """A house, and the Home Assistant that is told of it."""

    stack: Stack
    assistant: HomeAssistant


@pytest.fixture(scope="session")
def hass() -> str:
    """Its program."""
    return os.environ[HASS_VARIABLE]


@pytest.fixture(scope="session")
def home(hass: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The simulated house of `make run` with Home Assistant, its select and research on."""
    directory = tmp_path_factory.mktemp("home")
    config = directory / "config"
    shutil.copytree(REPOSITORY / "config", config)
    site, flags = config / "site.yaml", config / "flags.yaml"
    site.write_text(
        site.read_text(encoding="utf-8") + "home_assistant: {enabled: true, autonomy_select: true}\n",
        encoding="utf-8",
    )
    flags.write_text(flags.read_text(encoding="utf-8") + "research: true\n", encoding="utf-8")
    stack = Stack(directory / "var", SPEED, "--config", str(config), "--start", "2025-05-15T11:30")
    try:
        assistant = HomeAssistant(hass, directory / "assistant", stack.config.site.broker.port)
        yield Home(stack, assistant)
        assistant.close()
    finally:
        stack.close()
