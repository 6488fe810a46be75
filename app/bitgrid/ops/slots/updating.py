"""An update from file to trial, and what the start after it makes of it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bitgrid.clock import Clock
from bitgrid.ops.slots.booting import Booting
from bitgrid.ops.slots.bundle import CHUNK, Bundle, Manifest
from bitgrid.ops.slots.errors import SlotError
from bitgrid.ops.slots.state import Phase, Slot, State, load, save
from bitgrid.ops.slots.writing import FAILING, alone, forget, put, see_it_is_there, write_where_different
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
        had_address: whether this computer can be reached from its network now, so that it must be again.
    """

    card: Card
    machine: str
    version: str
    clock: Clock
    progress: Progress = field(default=lambda _step, _share: None)
    may_be_older: bool = False
    had_address: bool = False

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
        with self._left_if_it_fails(to, manifest.version):
            self._save(Phase.WRITING, to, manifest.version)
            self._write_root(bundle, to)
            self._write_boot(boot, to)
            self._save(Phase.WRITTEN, to, manifest.version)
            state = self._save(Phase.TRIAL, to, manifest.version)
            self.card.booting.arm(to)
        return state

    @contextmanager
    def _left_if_it_fails(self, to: Slot, version: str) -> Iterator[None]:
        """What fails is said by that reason from now on, as far as it can still be written down."""
        try:
            yield
        except (SlotError, OSError, KeyboardInterrupt) as error:
            reason = _why(error)
            with suppress(SlotError, OSError):
                state = load(self.card.state)
                if state is not None and state.phase is Phase.TRIAL:
                    self.card.booting.disarm()  # before anything says that there is nothing to judge
                self._save(Phase.LEFT, to, version, reason)
            raise

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
            raise SlotError(
                f"{hindrance}, and no system is started untried; nothing was changed. Flash a new card, and "
                "restore the last backup"
            )
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
        with alone(self.card.devices[to], os.O_RDONLY) as device:
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
        size = bundle.manifest.root.size
        with alone(self.card.devices[to], os.O_RDWR) as device:
            for done in write_where_different(device, bundle.root_chunks()):
                self.progress("write", done / size)
            device.flush()
            os.fsync(device.fileno())
        if self._digest(self.card.devices[to], size) != bundle.manifest.root.sha256:
            raise SlotError(FAILING)

    def _digest(self, device: Path, size: int) -> str:
        """SHA-256 of a device's beginning, from the device itself and not from memory."""
        found, done = hashlib.sha256(), 0
        with device.open("rb") as file:
            forget(file, size)
            while done < size:
                chunk = file.read(min(CHUNK, size - done))
                if not chunk:
                    break
                found.update(chunk)
                done += len(chunk)
                self.progress("read back", done / size)
        return found.hexdigest()

    def _write_boot(self, files: bytes, to: Slot) -> None:
        """Kernel, initrd and device trees of the slot; nothing starts from it yet.

        Raises:
            SlotError: what is read back is something else.
        """
        place = self.card.booting.directory / to
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, raw in self._boot_files(files, to):
            put(place, name, raw)
        for directory in (*(path for path in place.rglob("*") if path.is_dir()), place, place.parent):
            sync(directory)
        for name, raw in self._boot_files(files, to):
            see_it_is_there(place, name, raw)

    def _boot_files(self, files: bytes, to: Slot) -> Iterator[tuple[str, bytes]]:
        """Each by its name, as it is to stand in the slot's directory."""
        with tarfile.open(fileobj=io.BytesIO(files)) as archive:
            for member in archive:
                if not member.isfile():
                    continue
                content = archive.extractfile(member)
                raw = b"" if content is None else content.read()
                if member.name.removeprefix("./") in COMMAND_LINES:
                    words = raw.decode("ascii").replace(SLOT_WORD, to).replace(ROOT_WORD, self.card.roots[to])
                    raw = words.encode()
                yield member.name, raw

    def _save(self, phase: Phase, to: Slot, version: str, reason: str = "") -> State:
        state = State(
            phase=phase,
            to=to,
            version=version,
            before=self.version,
            at_s=int(self.clock.now()),
            reason=reason,
            had_address=self.had_address,
        )
        save(self.card.state, state)
        return state


def _why(error: SlotError | OSError | KeyboardInterrupt) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was cut off before it was whole; start it again"
    return str(error) if isinstance(error, SlotError) else f"the card cannot be written: {error}"


def is_older(version: str, than: str) -> bool:
    """Whether a version is before another, by the numbers that they begin with."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    """1.2.0 and 1.2 are the same; what comes after the numbers does not count."""
    found = [int(one) for one in re.findall(r"\d+", re.split(r"[^0-9.]", version, maxsplit=1)[0])]
    while found and not found[-1]:
        found.pop()
    return found


def judge(
    card: Card,
    how_ill: Callable[[], str | None],
    clock: Clock,
    opened: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[State]:
    """What a start makes of an update: kept if its house is well, else left, and why; nothing where none is tried.

    Args:
        card: as it was started.
        how_ill: waits for the house of a system on trial; what is missing in the end, None when it is well.
        clock: of the machine.
        opened: the boot partition, writable for as long as the choice of the slot is written.
    """
    state = load(card.state)
    if state is None or state.phase in {Phase.KEPT, Phase.LEFT}:
        return
    reason = _why_left(card, state, how_ill)
    ended = state.model_copy(
        update={
            "phase": Phase.KEPT if reason is None else Phase.LEFT,
            "at_s": int(clock.now()),
            "reason": reason or "",
        }
    )
    with opened():
        if reason is None:
            card.booting.keep(state.to)
        else:
            _leave(card, state)
        save(card.state, ended)
    yield ended


def _why_left(card: Card, state: State, how_ill: Callable[[], str | None]) -> str | None:
    """Why an update is not kept; None where it is."""
    if state.phase is not Phase.TRIAL:
        return "it was interrupted before it was whole; the system before it runs. Start it again"
    if card.running is not state.to:
        return f"{state.version} did not come up, and {state.before} was started again"
    if (missing := how_ill()) is not None:
        return f"{state.version} came up, but its house was not well: {missing}"
    if (hindrance := card.booting.hindrance()) is not None:
        return f"{state.version} came up, but could not be updated itself: {hindrance}"
    return None


def _leave(card: Card, state: State) -> None:
    if card.booting.usual() is state.to:  # it was about to be kept when the power went
        card.booting.keep(state.to.other)
    card.booting.disarm()
