"""What Raspberry Pi Imager wrote: cloud-init's ``user-data`` and ``network-config``, as far as it is of use.

Read after the references of cloud-init (``hostname``, ``timezone``, ``users``, ``ssh_authorized_keys``) and of
netplan (``wifis``, ``ethernets``). What it asks for beyond that, as a password to log in with, is told, not done.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.files import check
from bitgrid.config.yaml_source import YamlSource, parse_yaml
from bitgrid.ops.first_boot.changes import ADMIN
from bitgrid.ops.first_boot.reading import text_of, without_secrets
from bitgrid.ops.first_boot.wishes import Wishes

UNREAD = frozenset({"firstrun.sh", "custom.toml", "userconf", "userconf.txt", "wpa_supplicant.conf"})
"""Where Raspberry Pi OS before trixie is told the same, by Imager or by hand; a script is run by nobody here."""
USER_DATA, NETWORK = "user-data", "network-config"
_BOTH = f"{USER_DATA} or {NETWORK}"
_HEADING = "#cloud-config"
_OPEN = "an open network is not joined: it has no password"
_REGDOMAIN = re.compile(r"(?:cfg80211\.ieee80211_regdom|REGDOMAIN)=([A-Z]{2})\b")
_KEYS = ("ssh_authorized_keys", "ssh-authorized-keys")
_NOT_DONE = {
    "password": "a password to log in with: nobody logs in with one here",
    "passwd": "a password to log in with: nobody logs in with one here",
    "plain_text_passwd": "a password to log in with: nobody logs in with one here",
    "ssh_pwauth": "a password to log in with: nobody logs in with one here",
    "runcmd": "commands to run",
    "bootcmd": "commands to run",
    "write_files": "files to write",
    "packages": "packages to install",
    "keyboard": "a keyboard",
    "rpi": "interfaces of the Pi to switch on",
}


@dataclass(frozen=True)
class Imagined:
    """What Imager's settings come to.

    Args:
        wishes: what is taken over.
        ignored: what is not, in words.
        files: that were read, in the order in which they are removed: what may say the other's country is last.
    """

    wishes: Wishes
    ignored: tuple[str, ...]
    files: tuple[Path, ...]


def imager(boot: Path) -> Imagined | None:
    """Imager's settings on the boot partition; None where nothing was set.

    Raises:
        ConfigError: they are there and cannot be used.
    """
    user, network = _read(boot / USER_DATA, _HEADING), _read(boot / NETWORK)
    said: dict[str, Any] = {"schema": 1}
    try:
        if user is not None:
            said |= _of_user_data(user.data)
        if network is not None:
            said |= _of_network(network.data, _country(boot, {} if user is None else user.data))
        ignored = () if user is None else tuple(dict.fromkeys(_ignored(user.data)))
        ignored += () if network is None else tuple(_other_points(network.data))
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):
        raise ConfigError(
            [Problem(_BOTH, 0, 0, "", "is not as Imager writes it; use bitgrid.yaml instead")]
        ) from None
    if len(said) == 1 and not ignored:
        return None
    read = {NETWORK: network, USER_DATA: user}
    files = tuple(boot / name for name, source in read.items() if source is not None)
    try:
        return Imagined(check(YamlSource(_BOTH, said, None), Wishes), ignored, files)
    except ConfigError as error:
        problems = [dataclasses.replace(problem, line=0) for problem in without_secrets(error).problems]
        raise ConfigError(problems) from None


def unread(boot: Path) -> list[str]:
    """Names of files with settings that nobody reads here, and that may hold passwords."""
    found = [path.name for path in boot.iterdir() if path.name.lower() in UNREAD and path.is_file()]
    user = boot / USER_DATA
    with contextlib.suppress(ConfigError):
        text = text_of(user).lstrip() if user.is_file() else ""
        if text and not text.startswith(_HEADING):
            found.append(USER_DATA)
    return sorted(found)


def _read(path: Path, heading: str = "") -> YamlSource | None:
    if not path.is_file():
        return None
    try:
        text = text_of(path)
        if not text.lstrip().startswith(heading):
            return None
        source = parse_yaml(path.name, text)
    except ConfigError as error:
        raise without_secrets(error) from None
    if source.data is None:
        return None
    if not isinstance(source.data, dict):
        raise ConfigError([Problem(path.name, 0, 0, "", "is no mapping of keys to values")])
    return source


def _of_user_data(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if data.get("hostname"):
        yield "hostname", str(data["hostname"]).lower()
    if data.get("timezone"):
        yield "time_zone", data["timezone"]
    keys = [key for owner in (data, *_users(data)) for name in _KEYS for key in owner.get(name) or []]
    if keys:
        yield "ssh_keys", list(dict.fromkeys(keys))


def _users(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    users = data.get("users")
    return [user for user in users if isinstance(user, dict)] if isinstance(users, list) else []


def _ignored(data: Mapping[str, Any]) -> Iterator[str]:
    for user in _users(data):
        if user.get("name", ADMIN) != ADMIN:
            yield f"a user {user['name']!r}: whoever has a key logs in as {ADMIN}"
    if data.get("chpasswd"):
        yield _NOT_DONE["password"]
    for owner in (data, *_users(data)):
        yield from (words for key, words in _NOT_DONE.items() if owner.get(key))


def _country(boot: Path, user: Mapping[str, Any]) -> str:
    """Where the house is, as older Imagers say it: in the kernel's line, or in a command to run."""
    line = boot / "cmdline.txt"
    said = line.read_text("utf-8", "replace") if line.is_file() else ""
    found = _REGDOMAIN.search(f"{said} {user.get('runcmd', '')}")
    return "" if found is None else found[1]


def _of_network(data: Mapping[str, Any], country: str) -> Iterator[tuple[str, Any]]:
    """Of netplan's form, with or without its outermost ``network``."""
    form = data.get("network", data)
    wireless, wired = (_first(form.get(kind)) for kind in ("wifis", "ethernets"))
    points = wireless.get("access-points") or {}
    for name, point in points.items():
        told = wireless.get("regulatory-domain") or point.get("regulatory-domain") or country
        password = point.get("password") or (point.get("auth") or {}).get("password")
        if not password:
            raise ConfigError([Problem(NETWORK, 0, 0, "wifi", _OPEN)])
        yield "wifi", {"name": name, "password": password, "country": told}
        break
    fixed = wireless if points else wired
    if fixed.get("addresses"):
        gateway = fixed.get("gateway4") or next(
            (
                route.get("via")
                for route in fixed.get("routes") or []
                if route.get("to") in {"default", "0.0.0.0/0"}
            ),
            "",
        )
        dns = (fixed.get("nameservers") or {}).get("addresses") or []
        yield "network", {"address": fixed["addresses"][0], "gateway": gateway, "dns": dns}


def _other_points(data: Mapping[str, Any]) -> Iterator[str]:
    points = _first(data.get("network", data).get("wifis")).get("access-points") or {}
    if len(points) > 1:
        yield f"wireless networks beyond the first ({len(points) - 1}): one is joined"


def _first(interfaces: object) -> dict[str, Any]:
    """The first of them; among them may stand what is said of all, such as ``renderer``."""
    found = interfaces.values() if isinstance(interfaces, dict) else ()
    return next((one for one in found if isinstance(one, dict)), {})
