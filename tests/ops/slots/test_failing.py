"""A card that fails while an update is written: what is said of it then, and what is written at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from unittest.mock import Mock

import pytest

from bitgrid.ops.slots import Phase, Slot, SlotError, updating
from bitgrid.ops.slots.bundle import CHUNK, Bundle
from bitgrid.ops.slots.state import load
from bitgrid.ops.slots.telling import words
from ops.slots.test_updating import NEW, OLD, card, holds, judged, key, new_card, started, update, updater

__all__ = ["card", "key"]
Card = updating.Card
NAMES = ((os, ("fsync", "pwrite", "unlink", "rmdir", "posix_fadvise")), (Path, ("rename", "mkdir")))


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The n-th operation on the card fails, and no other; ``[n]``."""
    left = [-1]

    def fail(name: str, whole: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: Any, **options: Any) -> object:
            left[0] -= 1
            if left[0] == -1:
                raise OSError(errno.EIO, f"Input/output error ({name})")
            return whole(*arguments, **options)

        return run

    for holder, names in NAMES:
        for name in names:
            monkeypatch.setattr(holder, name, fail(name, getattr(holder, name)))
    return left


@pytest.mark.parametrize("kind", ["pi", "grub"])
def test_wherever_the_card_fails_that_is_what_is_said_and_nothing_is_tried(
    kind: str, key: Path, tmp_path: Path, broken: list[int]
) -> None:
    bundle, points = Bundle(update(tmp_path / "new.tar"), key), 0
    for number in range(200):
        broken[0] = -1
        card = new_card(tmp_path / f"{kind}-{number}", kind)
        broken[0] = number
        try:
            updater(card).install(bundle)
            break
        except OSError as error:
            said = str(error)
        broken[0] = -1
        after, state = started(card), load(card.state)
        assert after.running is Slot.A, number
        if state is None:
            assert number < 2, "only before anything of the slot was written"
            continue
        points += 1
        assert state.phase is Phase.LEFT, (number, said)
        assert state.reason == f"the card cannot be written: {said}"
        assert "was not kept: the card cannot be written" in words(state)
        assert judged(after) == [], "and no later start says that it was interrupted"
        updater(after).install(bundle)
        assert judged(started(after))[0].phase is Phase.KEPT, "it can be done again"
        assert holds(card, Slot.B, NEW)
    assert points >= 25, points


def test_what_cannot_be_noted_either_is_told_by_its_first_failure(
    card: Card, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(updating, "save", full)
    with pytest.raises(OSError, match="No space left"):
        updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    assert started(card).running is Slot.A


@pytest.mark.parametrize("name", ["vmlinuz", "cmdline.txt"])
def test_boot_files_that_the_card_lost_are_found_by_reading_them_from_the_card(
    card: Card, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What stands in memory is what was written; what stands on the card shows once memory forgets it."""
    forget = os.posix_fadvise

    def lost(handle: int, *where: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path == card.booting.directory / "b" / name:
            path.write_bytes(bytes(path.stat().st_size))
        forget(handle, *where)

    monkeypatch.setattr(os, "posix_fadvise", lost)
    with pytest.raises(SlotError, match=r"cannot be read back as it was: the card is failing\. Replace it soon"):
        updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    state = load(card.state)
    assert state is not None
    assert (state.phase, started(card).running) == (Phase.LEFT, Slot.A)
    assert "the card is failing" in state.reason


def test_what_a_power_cut_left_unreadable_is_written_anew(
    card: Card, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(_handle: int, _size: int, at: int) -> bytes:
        raise OSError(errno.EIO, f"Input/output error at {at}")

    monkeypatch.setattr(os, "pread", torn)
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    assert holds(card, Slot.B, NEW)


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (b"", [0, 1]),
        (NEW, []),
        (NEW[: 2 * CHUNK] + b"\xff" * CHUNK, [2]),
        (b"\xff" + NEW[1:], [0]),
        (NEW[:CHUNK] + b"\xff" + NEW[CHUNK + 1 :], [1]),
    ],
)
def test_of_a_slot_only_what_is_different_is_written(  # noqa: PLR0913, PLR0917  fixtures
    card: Card,
    key: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: bytes,
    written: list[int],
) -> None:
    """The last half chunk is zeros, as most of a slot is; a slot that was never used is nothing else."""
    with card.devices[Slot.B].open("r+b") as device:
        device.write(before)
    found, opened = list[int](), updating.alone

    @contextmanager
    def watched(path: Path, how: int) -> Iterator[IO[bytes]]:
        with opened(path, how) as device:

            def write(chunk: bytes) -> int:
                found.append(device.tell() // CHUNK)
                return device.write(chunk)

            yield Mock(wraps=device, write=write)

    monkeypatch.setattr(updating, "alone", watched)
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    assert found == written
    assert holds(card, Slot.B, NEW)
    assert holds(card, Slot.A, OLD)
