"""A backup comes back as it was, or not at all: databases copied while they are written, judged, put in place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.clock import HeldClock
from bitgrid.config import ConfigError, load_config
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host import restoring, snapshot
from bitgrid.ops.host.places import HostPlaces
from bitgrid.ops.host.restoring import ARCHIVE, SNAPSHOT, judge, restore
from bitgrid.ops.host.snapshot import take
from bitgrid.store import Ledger, TelemetryStore, backup_state
from bitgrid.store.feeds import FeedsStore
from bitgrid.store.telemetry import Measured
from bitgrid.store.verify import inspect
from ops.host.appliance_site import write_config
from store.books import NOVEMBER_END_S, decision, fill

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="files are given to other users, which only root can do")
DAEMON = "daemon"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostPlaces]:
    """A host whose house runs: ledger and telemetry are open for writing."""
    monkeypatch.setattr(restoring, "CORE", DAEMON)
    monkeypatch.setattr(restoring, "FEEDS", DAEMON)
    monkeypatch.setattr(restoring, "DATA_GROUP", DAEMON)
    places = HostPlaces(tmp_path / "old")
    write_config(places.config)
    (places.config / "secrets" / "bitgrid-io").mkdir(parents=True)
    secret = places.config / "secrets" / "bitgrid-io" / "miner"
    secret.write_text("root:hush\n")
    secret.chmod(0o600)
    telemetry = TelemetryStore(places.data / "bitgrid.sqlite")
    telemetry.append([Measured(1.0, "meter", "grid_power_w", -3000.0, "good")])
    with closing(Ledger(places.data / "ledger")) as ledger:
        fill(ledger)
        yield places
        ledger.append(
            decision(NOVEMBER_END_S + 70 * 86_400), "{}"
        )  # the house went on while the copy was looked at
    telemetry.close()


@pytest.fixture
def stage(host: HostPlaces, tmp_path: Path) -> Path:
    """The backup, unpacked."""
    stage = tmp_path / "stage"
    take(load_config(host.config), host.data, host.root / SNAPSHOT, HeldClock())
    shutil.copytree(host.config, stage / "etc/bitgrid")
    shutil.copytree(host.root / SNAPSHOT, stage / SNAPSHOT)
    kept = stage / ARCHIVE / "telemetry" / "2023-11-14.parquet"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a day")
    kept.chmod(0o440)
    return stage


def test_a_copy_made_while_the_house_writes_is_sound(host: HostPlaces, tmp_path: Path) -> None:
    manifest = take(load_config(host.config), host.data, tmp_path / "copy", HeldClock())
    found = inspect(tmp_path / "copy" / "ledger")
    assert (found.faults, str(found.head), found.decisions) == ([], manifest.head, 15)
    assert not list((tmp_path / "copy").rglob("*-wal"))
    assert set(manifest.files) == {
        "bitgrid.sqlite",
        "ledger/2023-11.sqlite",
        "ledger/2023-12.sqlite",
        "ledger/2024-01.sqlite",
    }


def test_what_the_feeds_hold_for_themselves_is_copied_all_the_same(host: HostPlaces, tmp_path: Path) -> None:
    """Seen on a booted host: SQLite's own copying waited for the end of the feeds, and the backup with it."""
    with closing(FeedsStore(host.data / "feeds" / "feeds.sqlite")) as feeds:
        feeds.keep("difficulty", 1.0, "{}")
        take(load_config(host.config), host.data, tmp_path / "copy", HeldClock())
        feeds.keep("difficulty", 2.0, "{}")
    with closing(sqlite3.connect(tmp_path / "copy" / "feeds" / "feeds.sqlite")) as copied:
        assert copied.execute("SELECT at_s FROM kept").fetchall() == [(1.0,)]
    assert not list((tmp_path / "copy").rglob("*-wal"))


def test_a_second_copy_takes_the_place_of_the_first(host: HostPlaces, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "stale.sqlite").touch()
    take(load_config(host.config), host.data, tmp_path / "copy", HeldClock())
    assert not (tmp_path / "copy" / "stale.sqlite").exists()


def test_a_ledger_that_is_not_sound_is_backed_up_all_the_same_and_says_so(
    host: HostPlaces, tmp_path: Path
) -> None:
    (host.data / "ledger" / "2023-12.sqlite").unlink()
    manifest = take(load_config(host.config), host.data, tmp_path / "copy", HeldClock())
    assert manifest.faults


def test_a_database_that_cannot_be_copied_is_an_error_and_leaves_no_manifest(
    host: HostPlaces, tmp_path: Path
) -> None:
    (host.data / "broken.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(Refusal, match=r"broken.sqlite cannot be copied"):
        take(load_config(host.config), host.data, tmp_path / "copy", HeldClock())
    assert not (tmp_path / "copy" / snapshot.MANIFEST).exists()


@AS_ROOT
def test_onto_an_empty_host_everything_comes_back_as_it_was(stage: Path, host: HostPlaces, tmp_path: Path) -> None:
    new = HostPlaces(tmp_path / "new")
    told = "\n".join(restore(stage, new))
    before, after = load_config(host.config), load_config(new.config)
    assert after.config_hash == before.config_hash
    assert "15 decisions" in told
    assert inspect(new.data / "ledger").faults == []
    assert (new.data / "ledger" / "2024-01.sqlite").owner() == DAEMON
    assert stat.S_IMODE((new.data / "ledger" / "2023-11.sqlite").stat().st_mode) == 0o440, (
        "a sealed month stays so"
    )
    secret = new.config / "secrets" / "bitgrid-io" / "miner"
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("root:hush\n", 0o600)
    with closing(sqlite3.connect(new.data / "bitgrid.sqlite")) as connection:
        assert connection.execute("SELECT value FROM telemetry").fetchall() == [(-3000.0,)]
    with closing(Ledger(new.data / "ledger")) as ledger:
        ledger.append(decision(NOVEMBER_END_S + 75 * 86_400), "{}")
    assert inspect(new.data / "ledger").decisions == 16


@AS_ROOT
def test_the_archive_comes_back_for_those_who_may_read_it(stage: Path, tmp_path: Path) -> None:
    new = HostPlaces(tmp_path / "new")
    told = list(restore(stage, new))
    day = new.data / "archive" / "telemetry" / "2023-11-14.parquet"
    assert (day.read_bytes(), stat.S_IMODE(day.stat().st_mode)) == (b"a day", 0o440)
    assert (day.owner(), day.group(), day.parent.group()) == (DAEMON, DAEMON, DAEMON)
    assert stat.S_IMODE(day.parent.stat().st_mode) == 0o2750
    assert "restored the archive: 1 files" in told


@AS_ROOT
def test_a_ledger_that_is_there_is_never_overwritten(stage: Path, host: HostPlaces) -> None:
    site = (host.config / "site.yaml").read_bytes()
    with pytest.raises(Refusal, match="never overwritten"):
        list(restore(stage, host))
    assert (host.config / "site.yaml").read_bytes() == site


@AS_ROOT
def test_what_belongs_to_the_host_is_not_brought_along(stage: Path, tmp_path: Path) -> None:
    (stage / "etc/bitgrid/tried").mkdir()
    (stage / "etc/bitgrid/host.env").write_text("BITGRID_ADDRESSES=192.168.1.10\n")
    (stage / "etc/bitgrid/secrets/root").mkdir()
    for name in ("backup-passphrase", "backup-passphrase.own"):
        (stage / "etc/bitgrid/secrets/root" / name).write_text(f"{name}\n")
    list(restore(stage, HostPlaces(tmp_path / "new")))
    assert [path.name for path in (tmp_path / "new/etc/bitgrid/secrets/root").iterdir()] == ["backup-passphrase"]
    assert not (tmp_path / "new/etc/bitgrid/tried").exists()
    assert not (tmp_path / "new/etc/bitgrid/host.env").exists()


def corrupt(path: Path) -> None:
    path.chmod(0o640)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def test_a_backup_of_which_a_bit_has_changed_is_refused(stage: Path, tmp_path: Path) -> None:
    corrupt(stage / SNAPSHOT / "ledger" / "2023-12.sqlite")
    with pytest.raises(Refusal, match="not those that were backed up"):
        list(restore(stage, HostPlaces(tmp_path / "new")))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["manifest.json", "ledger/2023-12.sqlite"])
def test_a_backup_that_is_not_whole_is_refused(stage: Path, name: str) -> None:
    (stage / SNAPSHOT / name).unlink()
    with pytest.raises(Refusal, match=r"holds no whole backup|not those that were backed up"):
        judge(stage)


def test_a_configuration_that_is_another_is_refused(stage: Path) -> None:
    site = stage / "etc/bitgrid/site.yaml"
    site.write_text(site.read_text().replace("capacity_wh: 10000", "capacity_wh: 9000"))
    with pytest.raises(Refusal, match="It was changed while the backup was made"):
        judge(stage)
    site.write_text("nonsense: true\n")
    with pytest.raises(ConfigError):
        judge(stage)


def test_the_command_judges_without_touching_anything(stage: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["host", "restore", str(stage), "--dry-run", "--root", str(tmp_path / "new")])
    assert (done.exit_code, "is whole: 15 decisions" in done.output) == (0, True)
    assert not (tmp_path / "new").exists()


def test_what_was_judged_is_told_to_the_page(stage: Path, host: HostPlaces) -> None:
    """A restore that was tried, well or not, stands beside the date of the last backup."""
    command = ["host", "restore", str(stage), "--dry-run", "--root", str(host.root)]
    assert CliRunner().invoke(main, command).exit_code == 0
    told = backup_state.read(host.data)
    assert told is not None
    assert (told.restore_tested_s is not None, told.restore_problem) == (True, "")
    (stage / SNAPSHOT / "manifest.json").unlink()
    assert CliRunner().invoke(main, command).exit_code != 0
    later = backup_state.read(host.data)
    assert later is not None
    assert (later.restore_tested_s, "holds no whole backup" in later.restore_problem) == (
        told.restore_tested_s,
        True,
    )


@pytest.mark.parametrize(("how", "problem"), [("ok", ""), ("failed", "the disk is not mounted")])
def test_how_a_backup_went_is_noted_though_nobody_hears_it_on_the_bus(
    host: HostPlaces, how: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(*_arguments: object) -> None:
        raise Refusal("the broker is away")

    monkeypatch.setattr("bitgrid.ops.commands.host.say_health", deaf)
    done = CliRunner().invoke(main, ["host", "tell-backup", "--root", str(host.root), how, problem])
    assert "the broker is away" in done.output
    told = backup_state.read(host.data)
    assert told is not None
    assert (told.problem, told.last_success_s is None) == (problem, bool(problem))


@AS_ROOT
def test_a_link_in_a_backup_brings_nothing_along(stage: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("not of this backup")
    (stage / "etc/bitgrid/extra").symlink_to(tmp_path / "elsewhere")
    list(restore(stage, HostPlaces(tmp_path / "new")))
    assert not os.path.lexists(tmp_path / "new/etc/bitgrid/extra")
