"""An update from file to trial, and what the start after it makes of it."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bitgrid.clock import Clock
from bitgrid.ops.slots.booting import Booting
from bitgrid.ops.slots.bundle import CHUNK, Bundle, Manifest
from bitgrid.ops.slots.errors import SlotError
from bitgrid.ops.slots.state import Phase, Slot, State, load, save
from bitgrid.store.files import sync

SLOT_WORD, ROOT_WORD = "@SLOT@", "@ROOT@"
"""What the kernel's command line of an update has in place of the slot and its partition."""
COMMAND_LINES = {"cmdline.txt", "slot.cfg"}
"""Where it is: as a Raspberry Pi's firmware reads it, and as GRUB does."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Card:
    """The card, as an update sees it.

    Args:
        booting: what decides on the slot.
        devices: the partition of each slot.
        roots: how the kernel is told of it: ``PARTUUID=…``.
        running: the slot that runs.
        state: the file that tells how far an update is.
    """

    booting: Booting
    devices: dict[Slot, Path]
    roots: dict[Slot, str]
    running: Slot
    state: Path


@dataclass
class Updater:
    """Does what an update takes, step by step; each can be the last one before the power goes.

    Args:
        card: where it goes.
        machine: what this machine is: arm64 or amd64.
        version: the version that runs.
        clock: of the machine.
        progress: told the step, and which share of it is done.
        may_be_older: whether its owner wants a version that is older than the one that runs.
    """

    card: Card
    machine: str
    version: str
    clock: Clock
    progress: Progress = field(default=lambda _step, _share: None)
    may_be_older: bool = False

    def install(self, bundle: Bundle) -> State:
        """Write an update into the other slot, read it back, and let the next start be its trial.

        Raises:
            SlotError: it does not fit, or is damaged; the system that runs is what is started, now as before.
            OSError: the card cannot be written.
        """
        to = self._free_slot()
        manifest = bundle.manifest
        self._fits(manifest, to)
        boot = bundle.boot_files()
        self.card.booting.disarm()
        self._save(Phase.WRITING, to, manifest.version)
        self._write_root(bundle, to)
        self._write_boot(boot, to)
        self._save(Phase.WRITTEN, to, manifest.version)
        state = self._save(Phase.TRIAL, to, manifest.version)
        self.card.booting.arm(to)
        return state

    def _free_slot(self) -> Slot:
        """The slot that neither runs nor is what is started.

        Raises:
            SlotError: a trial is under way.
        """
        running = self.card.running
        if self.card.booting.usual() is not running:
            raise SlotError("the system that runs is on trial itself; wait until it is kept, then update")
        return running.other

    def _fits(self, manifest: Manifest, to: Slot) -> None:
        """See that an update is for this machine and slot, and no step back that nobody asked for.

        Raises:
            SlotError: it is not.
        """
        if (hindrance := self.card.booting.hindrance()) is not None:
            raise SlotError(hindrance)
        if manifest.machine != self.machine:
            raise SlotError(
                f"this update is for {manifest.machine}, this machine is {self.machine}; nothing was changed"
            )
        if is_older(manifest.version, self.version) and not self.may_be_older:
            raise SlotError(
                f"this update is {manifest.version}, older than {self.version}, which runs; nothing was changed. "
                "It brings back what was mended since, and may not know this house's databases. "
                "If you want it still: --older"
            )
        self._has_room(manifest, to)

    def _has_room(self, manifest: Manifest, to: Slot) -> None:
        """See that an update finds room in its slot, and its kernel on the boot partition.

        Raises:
            SlotError: it does not, or the slot is in use.
        """
        with _alone(self.card.devices[to], os.O_RDONLY) as device:
            slot = device.seek(0, os.SEEK_END)
        boot = self.card.booting.directory
        free = shutil.disk_usage(boot).free
        free += sum(path.stat().st_size for path in (boot / to).rglob("*") if path.is_file())
        for where, size, room in (("the slot", manifest.root.size, slot), (boot, manifest.boot.size, free)):
            if size > room:
                raise SlotError(
                    f"the update needs {size} bytes of {where}, which has {room}; flash a new card instead"
                )

    def _write_root(self, bundle: Bundle, to: Slot) -> None:
        size, done = bundle.manifest.root.size, 0
        with _alone(self.card.devices[to], os.O_RDWR) as device:
            for chunk in bundle.root_chunks():
                device.write(chunk)
                done += len(chunk)
                self.progress("write", done / size)
            device.flush()
            os.fsync(device.fileno())
        if self._digest(self.card.devices[to], size) != bundle.manifest.root.sha256:
            raise SlotError("what was written cannot be read back as it was: the card is failing. Replace it soon")

    def _digest(self, device: Path, size: int) -> str:
        """SHA-256 of a device's beginning, from the device itself and not from memory."""
        found, done = hashlib.sha256(), 0
        with device.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, size, os.POSIX_FADV_DONTNEED)
            while done < size:
                chunk = file.read(min(CHUNK, size - done))
                if not chunk:
                    break
                found.update(chunk)
                done += len(chunk)
                self.progress("read back", done / size)
        return found.hexdigest()

    def _write_boot(self, files: bytes, to: Slot) -> None:
        """Kernel, initrd and device trees of the slot; nothing starts from it yet."""
        place = self.card.booting.directory / to
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            for member in archive:
                if not member.isfile():
                    continue
                content = archive.extractfile(member)
                raw = b"" if content is None else content.read()
                if member.name.removeprefix("./") in COMMAND_LINES:
                    words = raw.decode("ascii").replace(SLOT_WORD, to).replace(ROOT_WORD, self.card.roots[to])
                    raw = words.encode()
                _put(place, member.name, raw)
        for directory in (*(path for path in place.rglob("*") if path.is_dir()), place, place.parent):
            sync(directory)

    def _save(self, phase: Phase, to: Slot, version: str, reason: str = "") -> State:
        state = State(
            phase=phase, to=to, version=version, before=self.version, at_s=int(self.clock.now()), reason=reason
        )
        save(self.card.state, state)
        return state


def is_older(version: str, than: str) -> bool:
    """Whether a version is before another, by the numbers that they begin with."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    """1.2.0 and 1.2 are the same; what comes after the numbers does not count."""
    found = [int(one) for one in re.findall(r"\d+", re.split(r"[^0-9.]", version, maxsplit=1)[0])]
    while found and not found[-1]:
        found.pop()
    return found


@contextmanager
def _alone(device: Path, how: int) -> Iterator[IO[bytes]]:
    """A partition that nobody else uses: open(2) with O_EXCL is refused for one that is mounted.

    Raises:
        SlotError: it is mounted.
        OSError: it cannot be opened.
    """
    try:
        handle = os.open(device, how | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        raise SlotError(
            f"{device}, where the update would go, is mounted; nothing was changed. Unmount it"
        ) from None
    with os.fdopen(handle, "rb" if how == os.O_RDONLY else "r+b") as file:
        yield file


def _put(place: Path, name: str, raw: bytes) -> None:
    """Write a file below a directory, and nowhere else.

    Raises:
        SlotError: its name leads elsewhere.
    """
    path = (place / name).resolve()
    if not path.is_relative_to(place.resolve()):
        raise SlotError(f"the update names a file outside of its place ({name!r}); nothing is tried")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def judge(card: Card, how_ill: Callable[[], str | None], clock: Clock) -> Iterator[State]:
    """What a start makes of an update: kept if its house is well, else left, and why; nothing where none is tried.

    Args:
        card: as it was started.
        how_ill: waits for the house of a system on trial; what is missing in the end, None when it is well.
        clock: of the machine.
    """
    state = load(card.state)
    if state is None or state.phase in {Phase.KEPT, Phase.LEFT}:
        return
    if state.phase is not Phase.TRIAL:
        yield _end(
            card, state, clock, "it was interrupted before it was whole; the system before it runs. Start it again"
        )
    elif card.running is not state.to:
        yield _end(card, state, clock, f"{state.version} did not come up, and {state.before} was started again")
    elif (missing := how_ill()) is not None:
        yield _end(card, state, clock, f"{state.version} came up, but its house was not well: {missing}")
    else:
        card.booting.keep(state.to)
        kept = state.model_copy(update={"phase": Phase.KEPT, "at_s": int(clock.now())})
        save(card.state, kept)
        yield kept


def _end(card: Card, state: State, clock: Clock, reason: str) -> State:
    """Leave an update."""
    left = state.model_copy(update={"phase": Phase.LEFT, "at_s": int(clock.now()), "reason": reason})
    if card.booting.usual() is state.to:  # it was about to be kept when the power went
        card.booting.keep(state.to.other)
    card.booting.disarm()
    save(card.state, left)
    return left
