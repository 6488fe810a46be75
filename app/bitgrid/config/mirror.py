"""The section `mirror` of site.yaml: where encrypted copies go, and of what; nowhere, unless named."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from bitgrid.config.schema import Identifier, Model

SSH_PORT = 22
Kind = Literal["logs", "exports", "replays"]
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?"
_PATH = r"[A-Za-z0-9._/~-]{1,200}"


class Mirror(Model):
    """A Borg repository that receives copies. Nothing comes back from it, and nobody there can ask anything."""

    repository: Annotated[str, Field(pattern=rf"^(ssh://[a-z_][a-z0-9_-]*@{_HOST})?/{_PATH}$")] = Field(
        description="Where it is: `ssh://user@host:port/path`, or a directory of this computer."
    )
    kinds: Annotated[list[Kind], Field(min_length=1)] = Field(
        description="What is copied: `logs` of the programs, research bundles in `exports`, `replays`."
    )
    passphrase: Identifier = Field(
        default="mirror_passphrase", description="File in the secrets' directory with the passphrase."
    )
    key: Identifier = Field(default="mirror_key", description="File in the secrets' directory with the SSH key.")
    known_hosts: Identifier = Field(
        default="mirror_known_hosts",
        description="File in the secrets' directory with the server's host key, as in known_hosts of OpenSSH.",
    )
    every_h: Annotated[int, Field(ge=1, le=168)] = Field(
        default=24, description="Hours from one copy to the next."
    )
    max_run_min: Annotated[int, Field(ge=1, le=720)] = Field(
        default=60, description="Minutes that a copy may take; then it is ended."
    )

    @field_validator("repository")
    @classmethod
    def _is_plain(cls, repository: str) -> str:
        if ".." in repository.split("/"):
            raise ValueError("a path with .. in it; write where it truly is")
        if urlsplit(repository).port == 0:
            raise ValueError("port 0 is none")
        return repository

    @field_validator("kinds")
    @classmethod
    def _are_named_once(cls, kinds: list[Kind]) -> list[Kind]:
        if len(set(kinds)) != len(kinds):
            raise ValueError("a kind is named twice")
        return kinds

    @property
    def is_remote(self) -> bool:
        """Whether it is reached over SSH."""
        return self.repository.startswith("ssh://")

    @property
    def server(self) -> tuple[str, int]:
        """Host and port of the server.

        Raises:
            ValueError: it is a directory of this computer.
        """
        parts = urlsplit(self.repository)
        if parts.hostname is None:
            raise ValueError(f"{self.repository} is on this computer")
        return parts.hostname, parts.port or SSH_PORT
