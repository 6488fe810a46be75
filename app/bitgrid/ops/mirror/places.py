"""Where the mirror finds what it copies, and keeps what it must remember."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bitgrid.config.mirror import Kind, Mirror


@dataclass(frozen=True)
class Places:
    """Directories of a house, as far as the mirror knows them.

    Args:
        data: the house's data; bundles for the mirror lie in ``exports``, replay reports in ``replays``.
        log: the programs' logs.
        secrets: passphrase, SSH key and the server's host key.
    """

    data: Path
    log: Path
    secrets: Path

    @property
    def own(self) -> Path:
        """What the mirror and Borg remember: no copy of anything, and no key."""
        return self.data / "mirror"

    def sources(self, mirror: Mirror) -> list[Path]:
        """The directories of the chosen kinds; those of the house's data are made when missing."""
        by_kind: dict[Kind, Path] = {
            "logs": self.log,
            "exports": self.data / "exports",
            "replays": self.data / "replays",
        }
        found = [by_kind[kind] for kind in mirror.kinds]
        for place in found:
            if place.parent == self.data:
                place.mkdir(mode=0o750, parents=True, exist_ok=True)
        return [place for place in found if place.is_dir()]

    def key(self, mirror: Mirror) -> Path:
        """The SSH key."""
        return self.secrets / mirror.key

    def known_hosts(self, mirror: Mirror) -> Path:
        """The server's host key."""
        return self.secrets / mirror.known_hosts

    def passphrase(self, mirror: Mirror) -> Path:
        """The passphrase."""
        return self.secrets / mirror.passphrase
