from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store import Ledger, StoreError, TelemetryStore
from bitgrid.store.files import if_full, write_whole
from bitgrid.store.hot import open_telemetry
from bitgrid.store.ledger_opening import open_ledger
from store.archive.house import tick
from store.disks import fill, small_disk

OPENED: list[Callable[[Path], object]] = [
    lambda disk: Ledger(disk / "ledger"),
    lambda disk: open_ledger(disk / "ledger", HeldClock()),
    lambda disk: TelemetryStore(disk / "bitgrid.sqlite"),
    lambda disk: open_telemetry(disk / "bitgrid.sqlite", HeldClock()),
]


@pytest.mark.parametrize("opened", OPENED, ids=["ledger", "of the rules", "telemetry", "of the recorder"])
def test_what_cannot_be_opened_on_a_full_disk_says_that_it_is_full(
    opened: Callable[[Path], object], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with closing(Ledger(disk / "ledger")) as ledger:
            ledger.append(tick(1_700_000_000), "{}")
        TelemetryStore(disk / "bitgrid.sqlite").close()
        fill(disk)
        with pytest.raises(StoreError, match=r"the disk is full; make room on it"):
            opened(disk)


def test_of_another_fault_the_disk_is_not_blamed(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("none")
    with pytest.raises(StoreError) as caught:
        Ledger(tmp_path / "ledger")
    assert "full" not in str(caught.value)
    assert if_full(tmp_path / "not/there/yet") == ""


class TestWrittenWhole:
    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
    def test_who_may_read_it_is_what_was_said_and_never_more(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
    ) -> None:
        seen: list[int] = []
        change = os.fchmod

        def watched(handle: int, wanted: int) -> None:
            seen.append(os.fstat(handle).st_mode & 0o777)
            change(handle, wanted)

        monkeypatch.setattr(os, "fchmod", watched)
        before = os.umask(0o027)
        try:
            write_whole(tmp_path / "x", b"1", mode)
        finally:
            os.umask(before)
        assert ((tmp_path / "x").stat().st_mode & 0o777, seen) == (mode, [0o600])

    def test_on_a_full_disk_the_old_one_stands_and_nothing_beside_it(self, tmp_path: Path) -> None:
        with small_disk(tmp_path / "disk") as disk:
            (disk / "x").write_bytes(b"old")
            fill(disk)
            beside = set(disk.iterdir())
            with pytest.raises(OSError, match="No space left"):
                write_whole(disk / "x", b"new" * 100_000)
            assert ((disk / "x").read_bytes(), set(disk.iterdir())) == (b"old", beside)

    def test_it_is_durable_before_it_has_its_name_and_so_is_the_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[str] = []
        real_sync, real_rename = os.fsync, Path.rename

        def synced(handle: int) -> None:
            done.append(Path(f"/proc/self/fd/{handle}").readlink().name)
            real_sync(handle)

        def renamed(path: Path, target: Path) -> Path:
            done.append("its name")
            return real_rename(path, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "rename", renamed)
        write_whole(tmp_path / "x", b"1")
        assert done == [".x.new", "its name", tmp_path.name]

    def test_a_link_that_lies_in_wait_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "victim").write_bytes(b"own")
        (tmp_path / ".x.new").symlink_to(tmp_path / "victim")
        write_whole(tmp_path / "x", b"1")
        assert ((tmp_path / "victim").read_bytes(), (tmp_path / "x").is_symlink()) == (b"own", False)
