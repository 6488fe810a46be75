"""Putting the owner's wishes in their place: all of them or none, then the secrets are taken off the card."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml.error import YAMLError

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.ops.first_boot.changes import WPA, Change, changes
from bitgrid.ops.first_boot.imager import NETWORK, USER_DATA, imager, unread
from bitgrid.ops.first_boot.reading import NAME, TAKEN, copies, find, read
from bitgrid.ops.first_boot.removing import is_begun, remove
from bitgrid.ops.first_boot.site import with_place
from bitgrid.ops.first_boot.wishes import Wishes
from bitgrid.store.files import write_whole

LOG = "bitgrid-firstboot.log"
COPY = f"run/{LOG}"
"""Below the host's own root: what this start told, for who may not look onto the boot partition."""
MISTAKE = "Nothing was taken over, for there is a mistake in it:"
"""With this the log begins where there is one."""
_MEND = "Mend it on any computer, put the card back, and start again."
_NOTHING = "There was a mistake, and the file that had it is gone. Everything is as it was before."
_BEFORE = "Taken over: at the start before this one, which was cut off."
_OF_A_PARSER = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""Whatever a file of an owner's makes of a library's error, it is told as a mistake in that file."""
_LEFT_OUT = "# What stood here is taken over and removed: it may hold passwords. A new bitgrid.yaml changes more."


def first_boot(boot: Path, root: Path) -> tuple[list[str], bool]:
    """Take the owner's file over, if there is one; tell what was done or what is wrong, and whether all is well.

    A power cut on the way leaves the owner's file where it is, and the next boot begins anew.
    Whatever is told is also written into `LOG` on the boot partition, where any computer can read it; that this
    cannot be done, as on a partition that is full, is told as well and keeps no password there. Of a file with a
    mistake nothing is taken over, and it stays where it is.

    Args:
        boot: the boot partition, mounted for writing.
        root: of the host.

    Raises:
        OSError: the host's own files cannot be written, or what was taken over cannot be taken off the partition.
    """
    log, begun = boot / LOG, [path for path in boot.iterdir() if _is_ours(path) and is_begun(path)]
    for path in begun:
        remove(path)
    faults = _say_taken(begun)
    try:
        wished = _wished(boot)
        if wished is None:
            told = _not_done(_unread(boot))
            return [*told, *faults, *_say_without_wishes(log, _BEFORE if begun else _NOTHING, told)], True
        wishes, ignored, files = wished
        told = [*_take_over(wishes, root), *_not_done(ignored)]
    except ConfigError as error:
        told = [MISTAKE, *(f"  {one}" for one in error.problems), _MEND]
        return [*told, *faults, *note(log, told)], False
    # Told before they are removed, for the power may go between; and after it, where only then there is room.
    unsaid = note(log, told)
    for path in files:
        remove(path)
    return [*told, *faults, *(note(log, told) if unsaid else []), *_say_taken(files)], True


def _wished(boot: Path) -> tuple[Wishes, tuple[str, ...], tuple[Path, ...]] | None:
    """What is wished, what of it is not done, and the files that say so. bitgrid.yaml goes before Imager's.

    The files are in the order in which they are removed, so that those left by a power cut wish nothing else:
    bitgrid.yaml is last, for without it Imager's would be taken, and user-data, which may say the country of a
    network, comes after network-config.
    """
    try:
        return _found(boot)
    except _OF_A_PARSER:
        message = "cannot be read. Put every value in quotes, '…', or begin it anew from the example"
        raise ConfigError([Problem(NAME, 0, 0, "", message)]) from None


def _found(boot: Path) -> tuple[Wishes, tuple[str, ...], tuple[Path, ...]] | None:
    path = find(boot)
    if path is not None:
        others = tuple(other for name in (NETWORK, USER_DATA) if (other := boot / name).is_file())
        ignored = [f"{other.name}, for {path.name} goes before it" for other in others]
        ignored += [
            f"{name}, a copy of {path.name}; take it off the card, for it holds what that held"
            for name in copies(boot)
        ]
        ignored += _unread(boot, besides=others)
        return read(path), tuple(ignored), (*others, path)
    imagined = imager(boot)
    if imagined is None:
        return None
    return imagined.wishes, (*imagined.ignored, *_unread(boot)), imagined.files


def _unread(boot: Path, besides: Iterable[Path] = ()) -> list[str]:
    names = {path.name for path in besides}
    words = f"which is not read here: write {NAME} instead, and take it off the card, for it may hold passwords"
    return [f"{name}, {words}" for name in unread(boot) if name not in names]


def _not_done(ignored: Iterable[str]) -> list[str]:
    return [f"Not done: {words}." for words in ignored]


def _take_over(wishes: Wishes, root: Path) -> list[str]:
    site = root / "etc/bitgrid/site.yaml"
    try:
        text = with_place(site.read_text(encoding="utf-8"), wishes) if site.exists() else None
    except (YAMLError, KeyError, TypeError, AttributeError, ValueError):
        message = f"cannot be read on this computer, so nothing was changed. Mend it first: {site}"
        raise ConfigError([Problem(site.name, 0, 0, "", message)]) from None
    told = [_tell(change) for change in put(changes(wishes, has_wifi=(root / WPA).exists()), root)]
    if text is not None and text != site.read_text(encoding="utf-8"):
        _write_over(site, text)
        told.append("etc/bitgrid/site.yaml: what is known of the house")
    return ["Taken over:", *(told or ["nothing that was not so before"])]


def put(wanted: Iterable[Change], root: Path) -> list[Change]:
    """Write files, each under a temporary name and durable before it has its own; those that were other before.

    Raises:
        OSError: one cannot be written; each is as it was or as it is to be, never half.
    """
    done = []
    for change in wanted:
        path = root / change.path
        if path.is_file() and path.read_bytes() == change.text.encode():
            continue
        directory, owner = path.parent, _ids_of(change.owner)
        if not directory.is_dir():
            directory.mkdir(parents=True)
            if owner is not None:
                os.chown(directory, *owner)
            if change.mode == 0o600:  # noqa: PLR2004  a secret's directory is its owner's alone
                directory.chmod(0o700)
        write_whole(path, change.text.encode(), change.mode, owner)
        done.append(change)
    return done


def _write_over(path: Path, text: str) -> None:
    """Write a file anew; it stays its owner's, and readable by whom it was."""
    was = path.stat()
    owner = (was.st_uid, was.st_gid) if os.geteuid() == 0 else None
    write_whole(path, text.encode(), was.st_mode & 0o777, owner)


def _ids_of(owner: str) -> tuple[int, int] | None:
    """Of a user to whom a file is to be given; None: it stays root's, or whose this is not done as root."""
    if owner in {"", "root"} or os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam(owner)
    except KeyError:
        raise OSError(f"there is no user {owner}, to whom what was asked for would belong") from None
    return user.pw_uid, user.pw_gid


def _is_ours(path: Path) -> bool:
    return path.name.lower() in {NAME, USER_DATA, NETWORK} and path.is_file()


def _say_taken(files: Iterable[Path]) -> list[str]:
    """Say on the card what became of each of its owner's files; what could not be said."""
    return [fault for path in files for fault in note(path.with_name(f"{path.name}{TAKEN}"), [_LEFT_OUT])]


def note(path: Path, lines: Iterable[str]) -> list[str]:
    """Write lines, which hold no secret, where everybody can read them; words for it where that cannot be done."""
    try:
        write_whole(path, "\n".join([*lines, ""]).encode())
    except OSError as error:
        return [f"{path.name} could not be written: {error.strerror or error}."]
    return []


def _say_without_wishes(log: Path, of_mistake: str, told: list[str]) -> list[str]:
    """Say on the card, once, what nobody reads and that a mistake is gone; what could not be written."""
    try:
        said = log.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        said = ""
    if said.startswith(MISTAKE):
        return note(log, [of_mistake, *told])
    return [] if set(told) <= set(said.splitlines()) else note(log, told)


def _tell(change: Change) -> str:
    return f"{change.path}: written"
