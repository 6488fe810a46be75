"""Each process, wired by its own `main`, hears what its account may hear; what its rooms publish, it may; no more.

Nothing is connected: the bus only notes what is asked of it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.client import topic_matches_sub

from bitgrid.bus import Topics
from bitgrid.bus.access import Access
from bitgrid.bus.port import Handler, Sayable
from bitgrid.config import Config
from bitgrid.config.secrets import DIRECTORY_VARIABLE, WEB_KEYS
from bitgrid.ha import discovery, entities
from bitgrid.ops.host.accounts import HA_TELLS_OF_A_LOAD, HA_TELLS_OF_THE_HOUSE, accounts
from bitgrid.ops.host.places import Part
from bitgrid.services import gateway, runtime
from bitgrid.services.web import Server
from ops.host.appliance_site import ROOT, config_of

T = Topics("home")
EDGE_PORT = 8884
APP = ROOT / "app" / "bitgrid"
PLACES: dict[str, str] = {
    one: T.__getattribute__(one)
    if isinstance(value, property)
    else value(T, *["+"] * (value.__code__.co_argcount - 1))
    for one, value in vars(Topics).items()
    if isinstance(value, property) or one in {"telemetry", "load_state", "command", "health", "event"}
}
"""Each kind of topic, by the name that the code calls it by."""
ROOMS = {
    "rules": sorted((APP / "control").glob("*.py")),
    "poller": [APP / "devices" / name for name in ("poller.py", "looking.py", "discovery/scanner.py")],
    "loads": [APP / "devices" / name for name in ("load_watch.py", "load_agent.py", "looking.py")],
    "recorder": [APP / "store" / "batching.py"],
    "feeds": [APP / "feeds" / "publisher.py"],
    "explain": [APP / "explain" / "session.py"],
    "web": [APP / "web" / "asking.py"],
    "ups": [APP / "ops" / "ups.py"],
}
"""Where what a process publishes is written down."""
ELSEWHERE = {"bus", "gateway", "ha", "plant", "services"}
"""Rooms with what everybody shares, what is tried otherwise, and what is no part of an appliance."""
COMMANDS = {"ops/export_call.py", "ops/host/telling.py"}
"""Commands: the first speaks by the page's account, the second by that of the backup."""


class Notebook:
    """A bus that is never connected, and the account by which it would be."""

    made: list[Notebook]
    is_connected = False

    def __init__(self, name: str, _host: str, port: int, **_more: object) -> None:
        self.name, self.port = name, port
        self.heard: set[str] = set()
        Notebook.made.append(self)

    def subscribe(self, pattern: str, handler: Handler) -> None:
        assert callable(handler)
        self.heard.add(pattern)

    def publish(self, topic: str, message: Sayable, **_more: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Still:
    """A stepper that does not."""

    fault = ""

    def __init__(self, *_arguments: object, **_more: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def join(self, _machine_s: float) -> None: ...


def ended(
    self: runtime.Service,
    _bus: object,
    step: Callable[[], object],
    _interval_s: float,
    until: Callable[[], bool] | None = None,
) -> None:
    """In place of the loop: a store is opened, and then it is over."""
    if until is not None:
        step()
    else:
        self.stopping.set()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every process finds its files, and wires itself without anything being connected or stepped."""
    Notebook.made = []
    for name in ("CONFIG", "DATA", "RUN", "LOG"):
        monkeypatch.setenv(f"BITGRID_{name}_DIR", str(tmp_path / name.lower()))
        (tmp_path / name.lower()).mkdir()
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path / "secrets"))
    (tmp_path / "secrets" / WEB_KEYS).mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(runtime, "MqttBus", Notebook)
    monkeypatch.setattr(gateway, "MqttBus", Notebook)
    monkeypatch.setattr(runtime, "access_for", lambda *_arguments: Access())
    monkeypatch.setattr(runtime.Service, "run_loop", ended)
    monkeypatch.setattr("signal.signal", lambda *_arguments: None)
    for name in ("poller", "loads"):
        monkeypatch.setattr(importlib.import_module(f"bitgrid.services.{name}"), "Stepper", Still)
    return tmp_path


def told(house: Path, *, two_hosts: bool = False) -> Config:
    """The configuration, written for the processes to read."""
    (house / "config").rmdir()
    beside = {"name": "cellar", "edge": "192.168.1.10", "port": EDGE_PORT} if two_hosts else None
    return config_of(house / "config", bridged=True, gateway=beside)


def may_hear(config: Config, account: str, part: Part = Part.WHOLE) -> set[str]:
    return set(next(one for one in accounts(config, part) if one.name == account).reads)


@pytest.mark.parametrize("process", ["poller", "loads", "rules", "recorder", "feeds", "explain"])
def test_a_process_hears_what_it_is_granted_and_is_granted_what_it_hears(house: Path, process: str) -> None:
    config = told(house)
    importlib.import_module(f"bitgrid.services.{process}").main()
    (bus,) = Notebook.made
    assert (bus.name, bus.heard) == (process, may_hear(config, process))


def test_the_page_and_the_bridge_to_home_assistant_hear_what_they_are_granted(house: Path) -> None:
    config = told(house)
    service = runtime.start("web")
    Server(service, service.connect_bus()).load()
    heard = {bus.name: bus.heard for bus in Notebook.made}
    assert heard == {name: may_hear(config, name) for name in ("web", "bridge")}


def test_both_ends_between_two_hosts_hear_what_they_are_granted(house: Path) -> None:
    config = told(house, two_hosts=True)
    importlib.import_module("bitgrid.services.link").main()
    (bus,) = Notebook.made
    assert bus.heard == may_hear(config, "link", Part.EDGE)
    Notebook.made = []
    (house / "run" / "guard.sock").unlink(missing_ok=True)
    gateway.main()
    by_port = {bus.port: bus.heard for bus in Notebook.made}
    assert by_port == {
        config.site.broker.port: may_hear(config, "gateway", Part.GATEWAY),
        EDGE_PORT: may_hear(config, "cellar", Part.EDGE),
    }


def kind_of(topic: str) -> str:
    return next(name for name, pattern in PLACES.items() if topic_matches_sub(pattern, topic.replace("+", "x")))


def said_in(path: Path) -> set[str]:
    """The kinds of topics that a file publishes on: what stands first in a call, or is kept for one."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            said = node.args[0] if node.func.attr in {"publish", "_ask"} else None
        elif isinstance(node, ast.Assign):
            kept = "_topic" in ast.dump(node.targets[0])
            said = node.value if kept else None
        else:
            said = None
        if said is not None:
            found |= {one.attr for one in ast.walk(said) if isinstance(one, ast.Attribute) and one.attr in PLACES}
    return found


@pytest.mark.parametrize("process", ROOMS)
def test_what_a_process_rooms_publish_is_what_it_is_granted(process: str, tmp_path: Path) -> None:
    granted = next(
        one for one in accounts(config_of(tmp_path / "config", bridged=True)) if one.name == process
    ).writes
    said = set().union(*map(said_in, ROOMS[process]))
    assert said | {"health"} == {kind_of(topic) for topic in granted} | {"health"}


def test_nobody_publishes_anywhere_else() -> None:
    """A room that begins to publish has to be named here, and so be looked at."""
    known = {path for paths in ROOMS.values() for path in paths}
    others = [
        path
        for path in APP.rglob("*.py")
        if path.relative_to(APP).parts[0] not in ELSEWHERE
        and str(path.relative_to(APP)) not in COMMANDS
        and path not in known
    ]
    assert [path for path in others if said_in(path)] == []
    assert said_in(APP / "ops" / "host" / "telling.py") == {"health"}, "it would be found"


def test_the_bridge_speaks_under_the_names_that_are_granted() -> None:
    said = {discovery.AVAILABLE, entities.HOUSE, entities.TODAY, entities.ANSWER}
    assert set(HA_TELLS_OF_THE_HOUSE) == said
    assert set(HA_TELLS_OF_A_LOAD) == {entities.LOAD, entities.DECISION}
