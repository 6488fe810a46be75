"""What is said on the bus while a house is set up or looked after: files, looks at devices, scans, restarts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bitgrid.bus.messages import Message, Open

ConfigFile = Literal["site.yaml", "bitgrid_rules.yaml", "flags.yaml", "policies.yaml"]
MAX_FILE_CHARACTERS = 60_000


class ConfigureRequest(Message):
    """A whole file of the configuration, to take the place of the one that stands there.

    Args:
        file: which.
        text: all of it, as it is to be written.
        before: SHA-256, in hexadecimal, of the file that ``text`` was made from; another one is left alone.
    """

    request_id: str
    file: ConfigFile
    text: Annotated[str, Field(max_length=MAX_FILE_CHARACTERS)]
    before: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    actor: Annotated[str, Field(max_length=100)]


class LookRequest(Message):
    """A wish that a device or load of site.yaml is asked now; it is read, and nothing is written to it."""

    request_id: str
    device: Annotated[str, Field(max_length=64)]
    actor: Annotated[str, Field(max_length=100)]


class ScanRequest(Message):
    """A wish that addresses of the home's own network are asked what they are; none: all subnets of this host."""

    request_id: str
    targets: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=8)] = ()
    actor: Annotated[str, Field(max_length=100)]


class ScanReport(Message):
    """How far a scan is, and what it found.

    Args:
        request_id: of the request it answers.
        asked, of: addresses.
        is_over: nothing more comes.
        found: each ``{name, host, port, note, needs_password}`` with ``miner``, ``relay`` or ``device`` where it
            is one; ``device`` is its entry in site.yaml.
        problem: why nothing was asked.
    """

    request_id: str
    asked: Annotated[int, Field(ge=0)] = 0
    of: Annotated[int, Field(ge=0)] = 0
    is_over: bool = False
    found: tuple[Open, ...] = ()
    problem: str = ""


class RestartNotice(Message):
    """The site has changed: every process ends, to be started anew by what looks after it. `rules` says so."""

    why: str
