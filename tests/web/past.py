"""The application on a house whose past is recorded, for the rooms that show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.web import Asker, HouseView, Places, create_app
from web.records import Recorded
from web.talk import REPOSITORY


@dataclass
class Shown:
    """What a page says: its status, and its words without tags."""

    status: int
    html: str

    @property
    def text(self) -> str:
        """The words, white space made one."""
        told = re.sub(r"<(script|style)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", told)).replace("\u00a0", " "))

    def part(self, name: str) -> str:
        """The words from the element of this id on."""
        return Shown(self.status, self.html[self.html.index(f'id="{name}"') - 40 :]).text


def past(recorded: Recorded | None, config: Config, after_s: float = 0.0) -> tuple[Flask, HeldClock]:
    """An application on recorded days, some seconds after the last decision; None: a house without data."""
    clock = HeldClock(wall_s=(1_747_300_000.0 if recorded is None else recorded.ends_s) + after_s)
    bus = MemoryBus()
    places = None if recorded is None else Places(recorded.data, REPOSITORY / "config")
    view, asker = HouseView(config, bus, clock), Asker(config.site.site, bus, clock)
    app = create_app(config, view, asker, clock, places=places)
    app.testing = True
    return app, clock


def get(client: FlaskClient, url: str, **headers: str) -> Shown:
    answer = client.get(url, headers=headers)
    return Shown(answer.status_code, answer.get_data(as_text=True))
