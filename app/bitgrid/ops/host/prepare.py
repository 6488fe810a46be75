"""All that an appliance derives from its configuration before it starts; what is missing is made."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bitgrid.bus.upkeep import ConfigFile
from bitgrid.config import Config
from bitgrid.config.network import Broker
from bitgrid.config.secrets import WEB_KEYS
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.accounts import CERTIFIED, Account, accounts
from bitgrid.ops.host.broker_conf import render_acl, render_broker
from bitgrid.ops.host.certificates import HOME_DOMAINS, Authority
from bitgrid.ops.host.house_programs import appliance_programs, layout
from bitgrid.ops.host.passwords import make_passwords, own_directory, password_file, user_of
from bitgrid.ops.host.places import CORE, DATA_GROUP, FEEDS, LINK_GROUP, MIRROR, WEB, HostPlaces, Part
from bitgrid.ops.mirror.places import Places as MirrorPlaces
from bitgrid.ops.mirror.setup import make_secrets
from bitgrid.ops.supervisor_conf import render_supervisor
from bitgrid.research.signing import FILE as SIGNING_KEY
from bitgrid.research.signing import own_key
from bitgrid.store.files import write_whole

BROKER_USER = "mosquitto"
READABLE = 0o644
_OPTIONAL_OWNERS = frozenset({"nut"})
"""Whose passwords are made only where their programs are installed."""


@dataclass(frozen=True)
class _Directory:
    path: Path
    owner: str
    group: str
    mode: int


def prepare(
    config: Config, places: HostPlaces, addresses: Sequence[str], part: Part = Part.WHOLE
) -> Iterator[str]:
    """Make it all, and tell what was made or changed, a line each.

    Args:
        config: of the house.
        places: the appliance's.
        addresses: of this host, for its certificate.
        part: what this host is in a house on two; means nothing in any other.

    Raises:
        ConfigError: a secret that is there cannot be used.
        Refusal: a user is missing, or site.yaml asks for what cannot be.
    """
    part = Part.WHOLE if config.site.gateway is None else Part.GATEWAY if part is Part.GATEWAY else Part.EDGE
    _refuse_what_cannot_serve(config)
    for directory in _directories(places):
        _make(directory)
    for name in get_args(ConfigFile):
        _hand_over(places.config / name, CORE)
    if part is not Part.GATEWAY:  # it has one certificate, from the edge, and speaks to nobody else
        yield from _keys(config, places, addresses)
    granted = [account for account in accounts(config, part) if _is_wanted(account)]
    known = set(places.secrets.glob("*/*"))
    passwords = make_passwords([account for account in granted if account.owner != CERTIFIED], places.secrets)
    _make_mirror_secrets(config, places)
    if part is not Part.GATEWAY:
        _make_signing_key(places.secrets / WEB / WEB_KEYS)
    yield from (f"made {path}" for path in sorted(set(places.secrets.glob("*/*")) - known))
    hashes = places.broker / "passwords"
    broker = pwd.getpwnam(BROKER_USER).pw_uid  # Mosquitto wants to own what it reads
    yield from _write(hashes, password_file(passwords, _text_of(hashes)), broker, BROKER_USER)
    yield from _write(places.broker / "acl", render_acl(granted), broker, BROKER_USER)
    conf = render_broker(_heard_by(config, part), places, config.site.gateway if part is Part.EDGE else None)
    yield from _write(places.broker / "mosquitto.conf", conf, broker, BROKER_USER)
    programs = appliance_programs(places, mirrored=config.site.mirror is not None, part=part)
    files = layout(places)
    conf = render_supervisor(programs, files, None, socket_mode="0770", user="root")
    yield from _write(files.supervisor_conf, conf, 0, "root")


def names_of(config: Config, addresses: Sequence[str]) -> list[str]:
    """What the appliance is called in its certificate: its names, its addresses, and this machine's own."""
    return [*(name.lower() for name in config.site.web.names), *addresses, "localhost", "127.0.0.1", "::1"]


def _refuse_what_cannot_serve(config: Config) -> None:
    broker, web = config.site.broker, config.site.web
    if broker.log_in != "password":
        raise Refusal(
            "on an appliance site.yaml must say broker.log_in: password; its broker lets nobody in without"
        )
    if web.login != "required" or not web.proxy:
        raise Refusal(
            "on an appliance site.yaml must say web.login: required and web.proxy: true, "
            "for others in the home reach its page"
        )
    if not web.names:
        raise Refusal(
            "on an appliance site.yaml must say under which name it is opened, as web.names: [bitgrid.local]"
        )


def _heard_by(config: Config, part: Part) -> Broker:
    """The broker of this part of the house, with the peers that come to it."""
    broker = config.site.broker
    if part is Part.WHOLE:
        return broker
    peers = [peer for peer in broker.peers if (peer.kind == "device") is (part is Part.GATEWAY)]
    if part is Part.GATEWAY and any(peer.tls for peer in peers):
        raise Refusal(
            "a gateway's broker has no certificate of its own; a device that tells it by MQTT needs tls: false"
        )
    return broker.model_copy(update={"peers": peers})


def _is_wanted(account: Account) -> bool:
    if account.owner not in _OPTIONAL_OWNERS:
        return True
    return any(entry.pw_name == account.owner for entry in pwd.getpwall())


def _directories(places: HostPlaces) -> list[_Directory]:
    return [
        # Rules replace their four files there, and nothing of root's: the sticky bit keeps each entry its owner's.
        _Directory(places.config, "root", CORE, 0o1775),
        _Directory(places.run, "root", "root", 0o755),
        _Directory(places.link, "root", LINK_GROUP, 0o3770),
        _Directory(places.broker, "root", BROKER_USER, 0o750),
        _Directory(places.supervisor, "root", CORE, 0o2750),
        # Whoever reads is in that group; what is made below a directory stays its group's (setgid).
        _Directory(places.data, CORE, DATA_GROUP, 0o2751),
        _Directory(places.data / "feeds", FEEDS, DATA_GROUP, 0o2750),
        _Directory(places.data / "kpi", WEB, WEB, 0o750),
        _Directory(places.data / "exports", WEB, MIRROR, 0o2750),
        _Directory(places.data / "replays", CORE, MIRROR, 0o2750),
        _Directory(places.data / "mirror", MIRROR, MIRROR, 0o700),
        _Directory(places.log, "root", MIRROR, 0o2750),
        _Directory(places.secrets, "root", "root", 0o711),
        _Directory(places.secrets / WEB, "root", WEB, 0o750),
        _Directory(places.secrets / WEB / WEB_KEYS, WEB, WEB, 0o700),
    ]


def _make(directory: _Directory) -> None:
    """Make a directory, and give it to its owner; no link is followed, for who owns the one above could set one.

    Raises:
        Refusal: something else stands in its place, or it has no owner.
    """
    try:
        owner = (pwd.getpwnam(directory.owner).pw_uid, grp.getgrnam(directory.group).gr_gid)
    except KeyError as error:
        raise Refusal(f"{error}, so {directory.path} cannot be given to it. Run: site.yml") from None
    try:
        directory.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise Refusal(
            f"{directory.path} is to be a directory, and cannot be made one: {error.strerror}. "
            "Move away what stands in its place."
        ) from None
    try:
        os.fchown(descriptor, *owner)
        os.fchmod(descriptor, directory.mode)
    finally:
        os.close(descriptor)


def _hand_over(path: Path, owner: str) -> None:
    """Give a file of the configuration to who may replace it, for everybody to read; no link is followed.

    One that is right is not touched: bitgrid-follow.path would see it, and have it prepared again, without end.

    Raises:
        Refusal: something else stands in its place; who may write the directory could point it anywhere.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refusal(f"{path} cannot be given to {owner}: {error.strerror}. Put a plain file there.") from None
    try:
        found, user = os.fstat(descriptor), user_of(owner)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise Refusal(f"{path} is no plain file of its own, so it was given to nobody. Copy it anew.")
        if (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) != (user.pw_uid, user.pw_gid, READABLE):
            os.fchown(descriptor, user.pw_uid, user.pw_gid)
            os.fchmod(descriptor, READABLE)
    finally:
        os.close(descriptor)


def _make_signing_key(keys: Path) -> None:
    """The key of research bundles, among the page's own, so that whoever signs here signs with one key."""
    path = keys / SIGNING_KEY
    if os.path.lexists(path):
        return
    own_key(keys)
    owner = user_of(WEB)
    os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _make_mirror_secrets(config: Config, places: HostPlaces) -> None:
    """Passphrase and SSH key of the mirror, where site.yaml names one; without it there is neither."""
    if config.site.mirror is None:
        return
    own, owner = places.secrets / MIRROR, user_of(MIRROR)
    own_directory(own, owner)
    for made in make_secrets(config.site.mirror, MirrorPlaces(places.data, places.log, own)):
        for path in own.glob(f"{made.name}*"):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _keys(config: Config, places: HostPlaces, addresses: Sequence[str]) -> Iterator[str]:
    names = names_of(config, addresses)
    authority = Authority(places.tls, names[0])
    homely = tuple(f".{domain}" for domain in HOME_DOMAINS)
    own = [name.lower() for name in config.site.web.names if not name.lower().endswith(homely)]
    if authority.make(own):
        yield f"made {places.tls / 'ca.crt'}: {authority.fingerprint()}"
    for served, owner in (("web", "root"), ("broker", BROKER_USER)):
        if authority.certify(served, names):
            key = places.tls / f"{served}.key"
            user = pwd.getpwnam(owner)
            os.chown(key, user.pw_uid, user.pw_gid)
            yield f"made {places.tls / served}.crt for {', '.join(names)}"
    gateway = config.site.gateway
    if gateway is not None and authority.admit(gateway.name):
        yield f"made {places.tls / gateway.name}.crt and .key: they belong on the gateway"


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write(path: Path, text: str, owner: int, group: str) -> Iterator[str]:
    """Write what has changed, whole, readable by its group."""
    if path.exists() and _text_of(path) == text:
        return
    write_whole(path, text.encode(), 0o640, (owner, grp.getgrnam(group).gr_gid))
    yield f"wrote {path}"
