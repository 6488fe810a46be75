from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from bitgrid.bus import Health, HealthStatus, Message
from bitgrid.bus.client import MqttBus
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.services import stores
from bitgrid.services.paths import Paths
from bitgrid.services.runtime import Service
from bitgrid.store import StoreError
from bitgrid.store.incidents import Loss

CONFIG_DIRECTORY = Path(__file__).parents[2] / "config"
LOSS = Loss("ledger.sqlite", "not a database", 1_000, "aside/1970", "a snapshot of 1970-01-01 00:10")


class Ear:
    """A bus that only listens to what is told."""

    def __init__(self) -> None:
        self.told: list[Health] = []

    def publish(self, _topic: str, message: Message, **_options: Any) -> None:
        if isinstance(message, Health):
            self.told.append(message)

    def stop(self) -> None:
        pass


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service("recorder", HeldClock(), load_config(CONFIG_DIRECTORY), Paths(tmp_path, tmp_path, tmp_path))


def test_a_database_that_cannot_be_opened_is_told_of_and_tried_until_it_can(service: Service) -> None:
    ear, tries = Ear(), 0

    def open_it() -> str:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StoreError("the disk is full; make room")
        return "the store"

    assert stores.opened(service, cast("MqttBus", ear), open_it) == "the store"
    assert tries == 4
    assert [(health.status, health.reason) for health in ear.told[:1]] == [
        (HealthStatus.ERROR, "the disk is full; make room")
    ]


def test_tries_are_apart(service: Service) -> None:
    at_s: list[float] = []

    def open_it() -> str:
        at_s.append(service.clock.boot())
        if len(at_s) < 3:
            raise StoreError("locked")
        return "the store"

    stores.opened(service, cast("MqttBus", Ear()), open_it)
    assert [later - earlier for earlier, later in pairwise(at_s)] == [stores.TRY_EVERY_S] * 2


def test_a_process_that_is_told_to_end_ends_though_its_database_never_opened(service: Service) -> None:
    ear = Ear()

    def open_it() -> str:
        service.stop()
        raise StoreError("read-only")

    with pytest.raises(SystemExit):
        stores.opened(service, cast("MqttBus", ear), open_it)
    assert ear.told


@pytest.mark.parametrize(
    ("error", "warning", "loss", "status", "words"),
    [
        ("the disk is full", "", None, HealthStatus.ERROR, ["the disk is full"]),
        ("", "little room", None, HealthStatus.WARN, ["little room"]),
        ("", "", LOSS, HealthStatus.WARN, ["not a database", "aside/1970", "what came after that is lost"]),
        ("the disk is full", "little room", LOSS, HealthStatus.ERROR, ["the disk is full", "little room", "lost"]),
    ],
)
def test_what_is_wrong_is_told_whole(
    error: str, warning: str, loss: Loss | None, status: HealthStatus, words: list[str]
) -> None:
    told = stores.health(error, warning, loss)
    assert told is not None
    assert told.status is status
    assert all(word in told.reason for word in words)
    assert told.details == ({"loss": LOSS.event} if loss else {})


def test_nothing_wrong_is_nothing_told() -> None:
    assert stores.health("", "", None) is None
