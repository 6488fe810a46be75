"""Putting a backup in its place: judged first, whole or not at all, and over nothing that is there."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from bitgrid.config import load_config
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.places import CORE, DATA_GROUP, FEEDS, HostPlaces
from bitgrid.ops.host.snapshot import LEDGER, MANIFEST, Manifest, databases, digests
from bitgrid.store.chain import Head
from bitgrid.store.verify import inspect

SNAPSHOT = "var/lib/bitgrid-backup/snapshot"
"""Where a backup holds the databases."""
ARCHIVE = "var/lib/bitgrid/archive"
"""Where it holds what is kept for years, as it lay; `bitgrid archive verify` holds it against its own manifest."""
_HEAD = re.compile(r"^(\d+):([0-9a-f]{64})$")
_NOT_RESTORED = frozenset({"tried", "host.env"})
"""What belongs to a host and not to the house; the playbook makes it."""
_PUT_ASIDE = "backup-passphrase.own"
"""Of the computer that was backed up, should it have been restored then; the next start here would take it."""


def judge(stage: Path) -> Manifest:
    """What an unpacked backup holds, once every promise of its manifest is seen to be kept.

    Args:
        stage: where it was unpacked: ``etc/bitgrid`` and `SNAPSHOT` are below it.

    Raises:
        Refusal: it is not whole, or not what was backed up.
        ConfigError: its configuration cannot be used.
    """
    snapshot = stage / SNAPSHOT
    try:
        manifest = Manifest.model_validate_json((snapshot / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise Refusal(f"{stage} holds no whole backup, so nothing was restored: {error}") from None
    if digests(snapshot) != manifest.files:
        raise Refusal(f"the databases in {snapshot} are not those that were backed up. Take an older backup.")
    config_hash = load_config(stage / "etc/bitgrid").config_hash
    if config_hash != manifest.config_hash:
        raise Refusal(
            f"the configuration in the backup has the hash {config_hash}; {manifest.config_hash} was backed up. "
            "It was changed while the backup was made: take the backup before it."
        )
    faults = [str(fault) for fault in inspect(snapshot / LEDGER, _head(manifest.head)).faults]
    if faults != manifest.faults:
        raise Refusal(
            f"the ledger in the backup is not sound: {'; '.join(faults[:3])}. Take the backup before it."
        )
    return manifest


def restore(stage: Path, places: HostPlaces) -> Iterator[str]:
    """Judge a backup and put it in its place; tells what was done, a line each.

    Raises:
        Refusal: as `judge`; or there is a ledger here already, which is never overwritten.
        ConfigError: as `judge`.
    """
    manifest = judge(stage)
    if any((places.data / LEDGER).glob("*.sqlite")):
        raise Refusal(
            f"{places.data} holds a ledger already, which is never overwritten. If it is unwanted, move it away: "
            f"mv {places.data} {places.data}.before"
        )
    for entry in sorted((stage / "etc/bitgrid").iterdir()):
        if entry.name not in _NOT_RESTORED:
            _put(entry, places.config / entry.name)
    yield f"restored {places.config}"
    for source in databases(stage / SNAPSHOT):
        inside = source.relative_to(stage / SNAPSHOT)
        owner = pwd.getpwnam(FEEDS if inside.parts[0] == "feeds" else CORE)
        _put_data(source, places.data / inside, places.data, owner)
    yield f"restored {places.data}: {manifest.decisions} decisions, the ledger ends with {manifest.head}"
    kept = [path for path in sorted((stage / ARCHIVE).rglob("*")) if path.is_file()]
    for path in kept:
        inside = path.relative_to(stage / ARCHIVE)
        _put_data(path, places.data / "archive" / inside, places.data, pwd.getpwnam(CORE))
    yield f"restored the archive: {len(kept)} files"


def _put(source: Path, target: Path) -> None:
    """A file or directory with its owners and modes, as in the backup; no link, which may lead anywhere."""
    if source.is_symlink() or source.name == _PUT_ASIDE:
        return
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for inner in source.iterdir():
            _put(inner, target / inner.name)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(source.read_bytes())
    found = source.stat()
    os.chown(target, found.st_uid, found.st_gid)
    shutil.copymode(source, target)


def _put_data(source: Path, target: Path, data: Path, owner: pwd.struct_passwd) -> None:
    """A file of the data for its owner, and for those to read who may, as `prepare` makes directories."""
    data.mkdir(parents=True, exist_ok=True)
    readers = grp.getgrnam(DATA_GROUP).gr_gid
    above = [path for path in target.parents if path.is_relative_to(data) and not path.exists()]
    for directory in reversed(above):
        directory.mkdir()
        os.chown(directory, owner.pw_uid, readers)
        directory.chmod(0o2750)
    shutil.copyfile(source, target)
    os.chown(target, owner.pw_uid, readers)
    shutil.copymode(source, target)


def _head(text: str) -> Head | None:
    found = _HEAD.match(text)
    return Head(int(found[1]), found[2]) if found else None
