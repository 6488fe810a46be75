"""Where things are: the project on a developer's machine, and the files of one running instance."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bitgrid


def project_root() -> Path:
    """The checkout this package runs from; the current directory when it was installed without one."""
    root = Path(bitgrid.__file__).resolve().parents[2]
    return root if (root / "config" / "site.yaml").is_file() else Path.cwd()


def default_config() -> Path:
    """The configuration a command means when none is named: as told, the checkout's own, an appliance's."""
    named = os.environ.get("BITGRID_CONFIG_DIR")
    if named:
        return Path(named)
    own = project_root() / "config"
    return APPLIANCE_CONFIG if not _is_directory(own) and (APPLIANCE_CONFIG / "site.yaml").is_file() else own


def _is_directory(path: Path) -> bool:
    """Whether it is one, as far as this user may see: `sudo -u bitgrid-io` is called from somebody else's home."""
    try:
        return path.is_dir()
    except PermissionError:
        return False


APPLIANCE_CONFIG = Path("/etc/bitgrid")
APPLIANCE_DATA = Path("/var/lib/bitgrid")


def data_places(data: Path | None, running: Iterable[Path] = ()) -> Iterator[Path]:
    """Where a house may keep its data: as named, as told, as running, as an appliance, as run before."""
    if data is not None:
        yield data
    elif "BITGRID_DATA_DIR" in os.environ:
        yield Path(os.environ["BITGRID_DATA_DIR"])
    else:
        yield from running
        yield APPLIANCE_DATA
        yield from sorted((project_root() / "var").glob("*/data"))


@dataclass(frozen=True)
class Layout:
    """The files of one instance.

    Args:
        home: the instance's own directory, e.g. ``var/0``.
        run: sockets and the instance card; short enough for a Unix socket's path, so not always inside ``home``.
        logs: where log files go; by default inside ``home``.
    """

    home: Path
    run: Path
    logs: Path | None = None

    @property
    def config(self) -> Path:
        """The configuration as this instance uses it."""
        return self.home / "config"

    @property
    def data(self) -> Path:
        """Databases."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """One log file a program."""
        return self.logs or self.home / "log"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord listens."""
        return self.run / "supervisor.sock"

    @property
    def supervisor_conf(self) -> Path:
        """What supervisord reads."""
        return self.home / "supervisord.conf"

    @property
    def mosquitto_conf(self) -> Path:
        """What Mosquitto reads."""
        return self.home / "mosquitto.conf"

    @property
    def card(self) -> Path:
        """The instance card: where this instance is to be found, for `bitgrid status`."""
        return self.home / "instance.json"
