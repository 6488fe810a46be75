from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store import Ledger, StoreError, TelemetryStore
from bitgrid.store.files import if_full
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
