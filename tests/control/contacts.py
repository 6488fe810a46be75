"""The shipped house with a contact: a device that tells one signal of the house."""

from __future__ import annotations

from dataclasses import replace

from bitgrid.config import Config, DeviceConfig, load_config
from bitgrid.config.device import GpioPin
from bitgrid.config.signals import SignalName
from control.desk import CONFIG_DIRECTORY

CONTACT = "contact"


def with_contact(signal: SignalName, config: Config | None = None) -> Config:
    known = config or load_config(CONFIG_DIRECTORY)
    contact = DeviceConfig(id=CONTACT, kind="gpio", gpio=GpioPin(line=17), signals=[signal], poll_interval_s=1)
    return replace(known, site=known.site.model_copy(update={"devices": [*known.site.devices, contact]}))
