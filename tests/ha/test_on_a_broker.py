"""The bridge as it runs in the web process, on a real broker: its last will, and what others may say to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bitgrid.bus import OverrideRequest, Received, Topics, decode
from bitgrid.bus.client import MqttBus
from bitgrid.ha.told import Told
from broker import Broker, eventually, free_port
from web.talk import REPOSITORY

pytestmark = pytest.mark.system


class WebProcess:
    """The web process with Home Assistant on, beside a listener on the same broker."""

    def __init__(self, directory: Path, *, enabled: bool = True) -> None:
        self.broker = Broker(directory)
        config = directory / "config"
        shutil.copytree(REPOSITORY / "config", config)
        site = (config / "site.yaml").read_text(encoding="utf-8")
        site = site.replace("port: 18830", f"port: {self.broker.port}").replace("8080", str(free_port()))
        site += "home_assistant: {enabled: true}\n" if enabled else ""
        (config / "site.yaml").write_text(site, encoding="utf-8")
        places = {"CONFIG": config, "RUN": directory, "DATA": directory, "SECRETS": directory}
        environment = os.environ | {f"BITGRID_{name}_DIR": str(place) for name, place in places.items()}
        self.said: dict[str, list[Received]] = {}
        self.topics = Topics("home")
        self.bus = MqttBus("listener", "127.0.0.1", self.broker.port)
        self.bus.subscribe("#", self._note)
        self.bus.start()
        eventually(lambda: self.bus.is_connected, "the listener is connected")
        self.log = directory / "web.log"
        with self.log.open("w", encoding="utf-8") as output:
            command = [sys.executable, "-m", "bitgrid.services.web"]
            self.process = subprocess.Popen(command, env=environment, stderr=output)

    def close(self) -> None:
        self.bus.stop()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.broker.kill()

    def texts(self, topic: str) -> list[str]:
        """What was said on a topic."""
        return [received.payload.decode() for received in self.said.get(topic, [])]

    def objects(self, topic: str) -> list[dict[str, Any]]:
        """The objects that were said on a topic."""
        return [json.loads(text) for text in self.texts(topic)]

    def _note(self, received: Received) -> None:
        self.said.setdefault(received.topic, []).append(received)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    process = WebProcess(tmp_path_factory.mktemp("web"))
    yield process
    process.close()


def test_the_house_shows_itself(web: WebProcess) -> None:
    available = web.topics.ha("available")
    eventually(lambda: web.texts(available) == ["online"], "the bridge is there")
    eventually(lambda: bool(web.objects(web.topics.ha_discovery("bitgrid_home_miner"))), "the miner is shown")
    eventually(lambda: bool(web.objects(web.topics.ha("house"))), "values are told")
    assert web.objects(web.topics.ha("house"))[0]["pv_power_w"] is None  # nobody told any yet


def test_a_button_reaches_the_rules_as_a_wish(web: WebProcess) -> None:
    eventually(lambda: bool(web.texts(web.topics.ha("available"))), "the bridge is there")
    web.bus.publish(web.topics.ha("cmd", "override"), Told({"load": "miner", "action": "stop"}))
    eventually(lambda: bool(web.said.get(web.topics.override)), "the rules are asked")
    request = decode(OverrideRequest, web.said[web.topics.override][0].payload)
    assert request is not None
    assert (request.load, request.action, request.actor) == ("miner", "stop", "home_assistant")
    eventually(lambda: bool(web.objects(web.topics.ha("answer"))), "the wish is answered")
    assert web.objects(web.topics.ha("answer"))[0]["event_type"] == "no_answer"  # there are no rules here


def test_when_the_process_dies_the_broker_says_so(web: WebProcess) -> None:
    available = web.topics.ha("available")
    eventually(lambda: web.texts(available)[-1:] == ["online"], "the bridge is there")
    web.process.send_signal(signal.SIGKILL)
    eventually(lambda: web.texts(available)[-1:] == ["offline"], "the last will")


def test_a_house_without_home_assistant_says_nothing_of_it(tmp_path: Path) -> None:
    process = WebProcess(tmp_path, enabled=False)
    try:
        eventually(lambda: bool(process.said.get(process.topics.health("web"))), "the web process is there")
        threading.Event().wait(1.5)  # a bridge would have spoken after its first step
        assert [topic for topic in process.said if "/ha/" in topic or topic.startswith("homeassistant/")] == []
    finally:
        process.close()
