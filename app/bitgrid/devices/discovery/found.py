"""What a scan finds: a thing at an address, and as what it could stand in site.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bitgrid.config.signals import SignalName

MinerDriver = Literal["avalon", "axeos", "luxos", "braiins", "pyasic"]
RelayKind = Literal["shelly_gen2", "shelly_gen1", "tasmota"]


@dataclass(frozen=True)
class AsDevice:
    """It measures.

    Args:
        signals: what it tells, as far as it was asked.
        guess: what about them only its owner knows; empty: nothing.
        profile: how it is read; None: SunSpec.
        unit_id: its Modbus unit.
        topic: where it tells by MQTT.
    """

    signals: tuple[SignalName, ...]
    guess: str = ""
    profile: str | None = None
    unit_id: int | None = None
    topic: str | None = None


@dataclass(frozen=True)
class Found:
    """Something that answered.

    Args:
        name: make and model, as it says itself.
        host: its address.
        port: where it answered.
        device: as what it is read; None: it measures nothing that is known.
        miner: the driver of a miner.
        relay: the kind of a relay.
        needs_password: whether it tells no more without one.
        note: what else a person should know.
    """

    name: str
    host: str
    port: int
    device: AsDevice | None = None
    miner: MinerDriver | None = None
    relay: RelayKind | None = None
    needs_password: bool = False
    note: str = ""
