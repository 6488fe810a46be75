"""The process of the rules: when it cannot hear the guard any more it ends, so that it is started anew."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import SystemClock
from bitgrid.config import load_config
from bitgrid.guard.link import GuardReport
from bitgrid.services import rules, runtime
from bitgrid.services.paths import Paths

CONFIG_DIRECTORY = Path(__file__).parents[2] / "config"
Hear = Callable[[GuardReport], None]


class Bus(MemoryBus):
    def stop(self) -> None:
        self.is_connected = False


class Channel:
    """Ends to listen in a way of its own."""

    listening: Callable[[threading.Event], None]

    def __init__(self, _run_directory: Path) -> None:
        self.is_closed = False

    def send(self, _request: object) -> None:
        pass

    def listen(self, stopping: threading.Event, _handler: Hear) -> None:
        type(self).listening(stopping)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> runtime.Service:
    paths = Paths(CONFIG_DIRECTORY, tmp_path / "data", tmp_path / "run")
    service = runtime.Service("rules", SystemClock(), load_config(CONFIG_DIRECTORY), paths)
    monkeypatch.setattr(runtime, "start", lambda _component: service)
    monkeypatch.setattr(runtime.Service, "connect_bus", lambda _self: Bus())
    monkeypatch.setattr(rules, "GuardChannel", Channel)
    return service


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("fault", [OSError("the socket is gone"), None])
def test_a_lost_ear_for_the_guard_ends_it_with_an_error(
    fault: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listening(_stopping: threading.Event) -> None:
        if fault is not None:
            raise fault

    monkeypatch.setattr(Channel, "listening", listening, raising=False)
    with pytest.raises(SystemExit) as ended:
        rules.main()
    assert ended.value.code == os.EX_SOFTWARE


def test_told_to_end_it_ends_well(service: runtime.Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def listening(stopping: threading.Event) -> None:
        service.stop()
        assert stopping.wait(10)

    monkeypatch.setattr(Channel, "listening", listening, raising=False)
    rules.main()
    assert service.exit_code == 0
