"""Configuration: what the owner decides, read from YAML, checked whole, hashed; all of it or nothing of it.

May touch: the files in the configuration directory. Nothing here opens a socket or starts a thing.
"""

from bitgrid.config.device import DeviceConfig
from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.flags import Flags
from bitgrid.config.load import LevelConfig, LoadConfig, RelayConfig
from bitgrid.config.loading import Config, load_config
from bitgrid.config.plant import PlantConfig
from bitgrid.config.policies import Policies
from bitgrid.config.rules import Rules
from bitgrid.config.site import Site

__all__ = [
    "Config",
    "ConfigError",
    "DeviceConfig",
    "Flags",
    "LevelConfig",
    "LoadConfig",
    "PlantConfig",
    "Policies",
    "Problem",
    "RelayConfig",
    "Rules",
    "Site",
    "load_config",
]
