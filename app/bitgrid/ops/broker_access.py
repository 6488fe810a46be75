"""What a process of the house shows to the broker, as `broker` in site.yaml says; from the secrets' directory."""

from __future__ import annotations

import stat
from pathlib import Path

from bitgrid.bus.access import Access
from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.network import Broker
from bitgrid.config.secrets import credentials, place


def secret_name(account: str) -> str:
    """The file that holds an account's name and password."""
    return f"broker-{account}"


def access_for(broker: Broker, account: str, directory: Path | None = None) -> Access:
    """How the process ``account`` is let in.

    Args:
        broker: as in site.yaml.
        account: the process, e.g. ``poller``: file ``broker-poller``, or ``broker-poller.crt`` and ``.key``.
        directory: of the secrets; by default as in `bitgrid.config.secrets`.

    Raises:
        ConfigError: what it needs is missing, or may be read by others.
    """
    where, ca_file = place(directory), Path(broker.ca_file) if broker.ca_file else None
    if broker.log_in == "password":
        shown = credentials(secret_name(account), where)
        return Access(shown.user, shown.password, ca_file)
    if broker.log_in == "certificate":
        certificate, key = (where / f"{secret_name(account)}.{kind}" for kind in ("crt", "key"))
        _refuse_if_open(key)
        return Access(ca_file=ca_file, certificate=(certificate, key))
    return Access(ca_file=ca_file)


def _refuse_if_open(key: Path) -> None:
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError as error:
        told = f"cannot be read: {error.strerror}. It comes with the certificate, from the broker's host"
        raise ConfigError([Problem(str(key), 0, 0, "", told)]) from None
    if mode & 0o077:
        told = f"may be read by others; run: chmod 600 {key}"
        raise ConfigError([Problem(str(key), 0, 0, "", told)])
