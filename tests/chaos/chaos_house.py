"""A whole house that can be broken in every way of `Kind`, and mended again.

The plant lives by true time. What the wall clock of the appliance does, or whether the appliance is awake at all,
is nothing to the sun, the miner or the relay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from paho.mqtt.client import topic_matches_sub

from bitgrid.bus import LoadCommand, Received, decode
from bitgrid.bus.messages import Message
from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.registry import Transports
from whole_house import WholeHouse


class ChaosHouse(WholeHouse):
    """The house of `whole_house`, but its plant lives on while its appliance sleeps."""

    def __post_init__(self) -> None:
        self.plant_s = self.start_s
        self.is_cut = self.is_asleep = False
        self.commands: list[tuple[float, LoadCommand]] = []
        super().__post_init__()
        self.transports = _cuttable(self.transports, lambda: self.is_cut)
        for start in (self.start_guard, self.start_loads, self.start_poller, self.start_rules):
            start()
        self.bus.subscribe(self.topics.command("miner"), self._on_command)

    def second(self) -> None:
        """Live for one second."""
        self.clock.advance(1.0)
        self.plant_s += 1
        self.house.step(self.plant_s)
        if not self.is_asleep:
            self._step_processes()

    def hang(self, name: str) -> None:
        """A process stops where it stands, with all it remembers."""
        self.dead.add(name)
        if name == "guard":
            self.way.guard = None

    def go_on(self, name: str) -> None:
        """A process that stood still goes on."""
        self.dead.discard(name)
        if name == "guard":
            self.way.guard = self.guard

    def set_disk(self, pragma: str) -> None:
        """Have the ledger's database take or refuse writes; what it then says is SQLite's own."""
        connection = self.ledger._connection
        assert connection is not None
        connection.execute(pragma)

    def redeliver(self, kept: list[tuple[str, Message]]) -> None:
        """Everybody subscribes anew, as after a restart of the broker, which had kept these."""
        for topic, message in kept:
            for pattern, hear in list(self.bus._handlers):
                if topic_matches_sub(pattern, topic):
                    hear(Received(topic, message.encode(), retained=True))

    def _on_command(self, received: Received) -> None:
        command = decode(LoadCommand, received.payload)
        if command is not None and not received.retained:
            self.commands.append((self.clock.boot(), command))


def _cuttable(transports: Transports, is_cut: Callable[[], bool]) -> Transports:
    """The same ways to the devices, which all fail while the network is cut."""

    def cuttable(way: Callable[..., Any]) -> Callable[..., Any]:
        def exchange(*arguments: object, **named: object) -> object:
            if is_cut():
                raise DeviceSilent("the network is cut")
            return way(*arguments, **named)

        return exchange

    return replace(
        transports,
        tcp=lambda *place: cuttable(transports.tcp(*place)),
        http=lambda *place: cuttable(transports.http(*place)),
        modbus=lambda *place: lambda unit: cuttable(transports.modbus(*place)(unit)),
    )
