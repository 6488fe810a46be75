"""A house with a bridge, over buses in memory: what Home Assistant would hear, and what it might say."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from bitgrid.bus import Received, Topics
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config, Site, load_config
from bitgrid.explain import Explainer, Language, Texts
from bitgrid.ha.bridge import STEP_MACHINE_S, Bridge
from bitgrid.ha.commands import Bundles, Commands
from bitgrid.ha.phrases import Phrases
from bitgrid.ha.told import Told
from bitgrid.web import Asker, HouseView
from bitgrid.web.problems import Refusal
from bitgrid.web.words import TEXTS_DIRECTORY, Words
from web.talk import NOON_S, REPOSITORY, Talk


@cache
def with_home_assistant(*, research: bool = False, language: Language = "en", **section: bool) -> Config:
    """The project's own configuration, with Home Assistant on."""
    config = load_config(REPOSITORY / "config")
    data = config.site.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data |= {"home_assistant": {"enabled": True, **section}, "language": language}
    flags = config.flags.model_copy(update={"research": research})
    return Config(Site.model_validate(data), config.rules, flags, config.policies)


def phrases_of(config: Config) -> Phrases:
    """Phrases in the site's language."""
    return _phrases(config.site.language)


@cache
def _phrases(language: Language) -> Phrases:
    site = with_home_assistant(language=language).site
    return Phrases.of(Words(language, Texts(TEXTS_DIRECTORY), Explainer(site)))


class NotedBundles:
    """Notes which bundles were asked for."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        self.begun: list[tuple[int, str]] = []
        self.refusal = refusal

    def begin(self, days: int, actor: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.begun.append((days, actor))


class BridgedHouse:
    """The house's own bus, the bridge's connection, and everything that was said on it."""

    def __init__(self, config: Config, bundles: Bundles | None = None) -> None:
        self.config, self.topics = config, Topics(config.site.site)
        self.clock = HeldClock(wall_s=float(NOON_S + 130))
        self.inside, self.outside = MemoryBus(), MemoryBus()
        self.talk = Talk(self.inside, self.clock, self.topics)
        self.view = HouseView(config, self.inside, self.clock)
        self.phrases = phrases_of(config)
        self.bridge = Bridge(config, self.view, self.outside, self.clock, self.phrases)
        asker = Asker(config.site.site, self.inside, self.clock)
        self.commands = Commands(config, asker, self.phrases, bundles, self.bridge.answer)
        self.outside.subscribe(self.topics.ha("cmd", "+"), self.commands.take)
        self.said: list[tuple[str, Any]] = []
        self.outside.subscribe("#", self._note)

    def live(self, seconds: float = STEP_MACHINE_S) -> None:
        """Let time pass, and the bridge step as often as it does in its process."""
        for _ in range(round(seconds / STEP_MACHINE_S)):
            self.clock.advance(STEP_MACHINE_S)
            self.bridge.step()

    def ask(self, what: str, wish: object, *, retained: bool = False) -> None:
        """Say on a topic of wishes what Home Assistant, or an automation there, might say."""
        topic = self.topics.ha("cmd", what)
        if retained:
            payload = wish.encode() if isinstance(wish, str) else json.dumps(wish).encode()
            self.commands.take(Received(topic, payload, retained=True))
        else:
            self.outside.publish(topic, Told(wish))

    def last(self, *parts: str) -> dict[str, Any]:
        """The last object that was said on one of the bridge's topics."""
        told = self.all(*parts)[-1]
        assert isinstance(told, dict)
        return told

    def all(self, *parts: str) -> list[Any]:
        """What was said on one of the bridge's topics, in order."""
        return [told for topic, told in self.said if topic == self.topics.ha(*parts)]

    def of_topic(self, topic: str) -> list[Any]:
        """What was said on any topic, in order."""
        return [told for said, told in self.said if said == topic]

    def _note(self, received: Received) -> None:
        text = received.payload.decode()
        self.said.append((received.topic, json.loads(text) if text.startswith("{") else text))
