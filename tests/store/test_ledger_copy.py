"""The ledger's second copy: what is new is added, what is damaged is not, and a month is given back from it."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.store import LOST, EventRow, Ledger, StoreError, incidents, month
from bitgrid.store.ledger_copy import COPY_EVERY_S, LedgerCopy
from bitgrid.store.ledger_opening import open_ledger
from bitgrid.store.verify import verify
from store.books import BLOCK_S, CONFIGURATION, FORECAST, NOVEMBER_END_S, book, decision, fill, sha256, tampering


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    return tmp_path / "snapshots" / "ledger"


@pytest.fixture
def copy(tmp_path: Path, copies: Path) -> LedgerCopy:
    return LedgerCopy(tmp_path / "ledger", copies, HeldClock())


def same(one: Path, other: Path) -> bool:
    """Whether two months hold the same, byte for byte, in every table."""
    with closing(month.open_reading(one)) as first, closing(month.open_reading(other)) as second:
        return list(first.iterdump()) == list(second.iterdump())


def begin(ledger: Ledger) -> None:
    ledger.archive_configuration(sha256(CONFIGURATION), CONFIGURATION, NOVEMBER_END_S)
    for block in range(5):
        at_s = NOVEMBER_END_S + block * BLOCK_S
        ledger.append(decision(at_s), "{}", (sha256(FORECAST), FORECAST))
        ledger.append_event(EventRow(at_s, "health", "{}"))


def test_going_on_gives_what_copying_whole_gives(tmp_path: Path, copy: LedgerCopy, copies: Path) -> None:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        fill(ledger)
        for again in range(3):
            assert copy.copy() == ""
            at_s = NOVEMBER_END_S + (70 + again) * 86_400
            ledger.append(decision(at_s), f'{{"again":{again}}}')
            ledger.append_event(EventRow(at_s, "safety", "{}"))
        assert copy.copy() == ""
        names = [path.name for path in month.months(copies)]
        assert names == ["2024-01.sqlite", "2024-02.sqlite"]
        for name in names:
            assert same(tmp_path / "ledger" / name, copies / name)


def test_it_is_done_every_three_hours_and_costs_nothing_where_nothing_is_new(tmp_path: Path, copies: Path) -> None:
    clock = HeldClock()
    copy = LedgerCopy(tmp_path / "ledger", copies, clock)
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        begin(ledger)
        assert copy.step() == ""
        (path,) = month.months(copies)
        was = path.stat().st_mtime_ns
        clock.advance(COPY_EVERY_S)
        assert copy.step() == ""
        assert path.stat().st_mtime_ns == was
        ledger.append_event(EventRow(NOVEMBER_END_S, "health", "{}"))
        clock.advance(COPY_EVERY_S - 1)
        copy.step()
        assert path.stat().st_mtime_ns == was
        clock.advance(1)
        copy.step()
        assert path.stat().st_mtime_ns != was


def test_what_was_changed_is_not_copied_and_said(tmp_path: Path, copy: LedgerCopy, copies: Path) -> None:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        begin(ledger)
        copy.copy()
        ledger.append(decision(NOVEMBER_END_S + 9 * BLOCK_S), "{}")
    (path,) = month.months(tmp_path / "ledger")
    was = (copies / path.name).read_bytes()
    with tampering(path) as connection:
        connection.execute("UPDATE decision SET record = '{}' WHERE seq = (SELECT MAX(seq) FROM decision)")
    assert "record 11 is not as it was written" in copy.copy()
    assert (copies / path.name).read_bytes() == was


def test_another_ledger_gets_a_copy_of_its_own(tmp_path: Path, copy: LedgerCopy, copies: Path) -> None:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        begin(ledger)
    copy.copy()
    shutil.rmtree(tmp_path / "ledger")
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        ledger.append_event(EventRow(NOVEMBER_END_S, "health", '{"another":1}'))
        assert copy.copy() == ""
        (path,) = month.months(copies)
        assert same(tmp_path / "ledger" / path.name, path)
    assert len(list(copies.glob("2023-12.other.*"))) == 1


@pytest.mark.parametrize("how", ["pages", "all", "cut", "gone", "record", "memory", "header", "trigger"])
def test_a_damaged_month_is_given_back_up_to_its_copy(
    tmp_path: Path, copy: LedgerCopy, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    book(tmp_path / "ledger")
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        assert copy.copy() == ""
        head = ledger.head()
        ledger.append_event(EventRow(NOVEMBER_END_S + 62 * 86_400 - 600, "health", '{"lost":1}'))
    path = month.months(tmp_path / "ledger")[-1]
    spoil(path, how)
    with closing(open_ledger(tmp_path / "ledger", HeldClock())) as ledger:
        assert ledger.head() == head
        memories = ledger.memories()
        assert json.loads(memories.pop(LOST))["given_back"].startswith("its copy as of")
        assert memories == {"miner": '{"block":4}'}
        ledger.append_event(EventRow(NOVEMBER_END_S + 62 * 86_400 - 300, "health", "{}"))
    assert verify(tmp_path / "ledger") == []
    assert "was damaged" in caplog.text
    (aside,) = (tmp_path / "set-aside").iterdir()
    assert (aside / path.name).exists()


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    statements = {
        "record": "UPDATE decision SET record = '{}' WHERE seq = 14",
        "memory": "UPDATE memory SET record = 'no JSON'",
        "header": "UPDATE chain SET file = 'other.sqlite'",
    }
    if how in statements:
        with tampering(path) as connection:
            connection.execute(statements[how])
    elif how == "trigger":
        with tampering(path) as connection:
            connection.execute("CREATE TABLE stranger (x)")
    elif how == "pages":
        path.write_bytes(content[:8192] + b"\xa5" * (len(content) - 8192))
    else:
        path.write_bytes({"all": b"\xa5" * len(content), "cut": content[:9000], "gone": b""}[how])


@pytest.mark.parametrize("is_new", [True, False])
def test_without_a_sound_copy_the_month_begins_anew_after_the_one_before(
    tmp_path: Path, copy: LedgerCopy, copies: Path, *, is_new: bool
) -> None:
    book(tmp_path / "ledger")
    if not is_new:
        copy.copy()
        spoil(copies / "2024-01.sqlite", "pages")
    spoil(tmp_path / "ledger" / "2024-01.sqlite", "all")
    with closing(open_ledger(tmp_path / "ledger", HeldClock())) as ledger:
        assert json.loads(ledger.memories()[LOST])["given_back"] == "the month before, 2023-12"
        assert ledger.head().seq == 12
        ledger.append_event(EventRow(NOVEMBER_END_S + 62 * 86_400 - 300, "health", "{}"))
    assert verify(tmp_path / "ledger") == []


def test_power_cut_anywhere_in_it_is_brought_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rename of the way fails once; the next start ends with the copy in place and the damaged file kept."""
    for cut in range(1, 12):
        data = tmp_path / str(cut)
        book(data / "ledger")
        assert LedgerCopy(data / "ledger", data / "snapshots" / "ledger", HeldClock()).copy() == ""
        path = data / "ledger" / "2024-01.sqlite"
        spoil(path, "all")
        (data / "ledger" / "2024-01.sqlite-wal").write_bytes(b"stale")
        rename, done = Path.rename, 0

        def mortal(self: Path, target: Path, rename=rename, cut: int = cut) -> Path:  # type: ignore[no-untyped-def]  # noqa: ANN001
            nonlocal done
            done += 1
            if done == cut:
                raise KeyboardInterrupt
            return rename(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", mortal)
            try:
                open_ledger(data / "ledger", HeldClock()).close()
                is_whole = True
            except KeyboardInterrupt:
                is_whole = False
        with closing(open_ledger(data / "ledger", HeldClock(wall_s=1_760_000_000))) as ledger:
            assert LOST in ledger.memories()
            assert ledger.head().seq == 18
        assert verify(data / "ledger") == []
        assert b"\xa5" * 100 in next(data.glob("set-aside/*/2024-01.sqlite")).read_bytes()
        assert list(data.glob("set-aside/*/pending.json")) == []
        if is_whole:
            assert cut > 4
            return
    pytest.fail("it never came to its end")


def test_an_incident_is_told_in_words() -> None:
    loss = incidents.Loss("ledger/2024-01.sqlite", "malformed", 5, "set-aside/x", "")
    assert (
        str(loss) == "ledger/2024-01.sqlite was damaged (malformed); it is kept in set-aside/x, and was begun anew"
    )
    assert loss.event["event_id"] == "x"


def test_what_cannot_be_replaced_is_not_moved(tmp_path: Path) -> None:
    book(tmp_path / "ledger")
    (tmp_path / "set-aside").write_text("a file where the directory should be")
    path = tmp_path / "ledger" / "2024-01.sqlite"
    spoil(path, "all")
    with pytest.raises(StoreError, match="nothing can be put in its place"):
        open_ledger(tmp_path / "ledger", HeldClock())
    assert path.exists()
