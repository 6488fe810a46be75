"""When the mirror copies, waits and gives up; by a stand-in for borg, with the clock in the hand."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock, SystemClock
from bitgrid.config.mirror import Mirror
from bitgrid.ops.mirror import state
from bitgrid.ops.mirror.mirroring import FIRST_AGAIN_S, KILL_AFTER_MACHINE_S, Mirroring
from bitgrid.ops.mirror.words import in_words
from broker import eventually
from ops.mirror.conftest import House


@pytest.fixture
def mirror(house: House) -> Mirror:
    path = house.places.secrets / "mirror_passphrase"
    path.write_text("passphrase-of-the-test\n")
    path.chmod(0o600)
    return house.mirror_to("/somewhere")


def stand_in(house: House, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A borg of our own, which notes how it was called."""
    bin_dir, noted = house.home / "bin", house.home / "noted"
    bin_dir.mkdir(exist_ok=True)
    borg = bin_dir / "borg"
    borg.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {noted}; env >> {noted}\n{script}\n')
    borg.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_dir}:/usr/bin:/bin")
    return noted


def finish(mirroring: Mirroring) -> None:
    def ended() -> bool:
        mirroring.step()
        return not mirroring.is_running

    eventually(ended, "the copy ends")


def test_the_first_copy_is_made_at_once_and_the_next_a_day_later(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(house, monkeypatch, "exit 0")
    clock = HeldClock()
    mirroring = Mirroring(mirror, house.places, clock)
    mirroring.step()
    assert mirroring.is_running
    finish(mirroring)
    first = mirroring.state
    assert (first.failures, first.last_success_s) == (0, clock.now())
    clock.advance(24 * 3600 - 1)
    mirroring.step()
    assert not mirroring.is_running
    clock.advance(1)
    mirroring.step()
    assert mirroring.is_running
    finish(mirroring)
    assert mirroring.state.archive != first.archive


def test_what_it_remembers_outlives_it(house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(house, monkeypatch, "exit 0")
    clock = HeldClock()
    before = Mirroring(mirror, house.places, clock)
    before.step()
    finish(before)
    after = Mirroring(mirror, house.places, clock)
    after.step()
    assert not after.is_running, "it is not due again because the process is another"
    assert "last copied 2025-06-15" in state.told(after.state)


def test_after_failures_it_waits_longer_each_time_and_never_longer_than_usual(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(house, monkeypatch, "echo 'ssh: connect to host nas port 22: Connection refused' >&2; exit 2")
    clock = HeldClock()
    mirroring = Mirroring(mirror, house.places, clock)
    waits = []
    for _ in range(12):
        mirroring.begin()
        finish(mirroring)
        waits.append(mirroring.wait_s)
    assert waits[:4] == [FIRST_AGAIN_S, 2 * FIRST_AGAIN_S, 4 * FIRST_AGAIN_S, 8 * FIRST_AGAIN_S]
    assert max(waits) == 24 * 3600
    told = state.told(mirroring.state)
    assert told == "nothing was copied yet; failed 12 times since: the server cannot be reached; it is tried again"


def test_a_clock_that_stepped_back_does_not_keep_it_from_copying(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(house, monkeypatch, "exit 0")
    clock = HeldClock()
    mirroring = Mirroring(mirror, house.places, clock)
    mirroring.step()
    finish(mirroring)
    clock.wall_s -= 86_400
    mirroring.step()
    assert mirroring.is_running
    finish(mirroring)


def test_one_that_takes_too_long_is_ended_and_that_is_told(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(house, monkeypatch, "exec sleep 300")
    clock = HeldClock()
    mirroring = Mirroring(mirror, house.places, clock)
    mirroring.step()
    clock.advance(3600)
    mirroring.step()
    assert mirroring.is_running
    clock.advance(1)
    finish(mirroring)
    assert mirroring.state.problem == "it took longer than 60 minutes and was ended"


def test_one_that_will_not_end_is_killed(house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = stand_in(house, monkeypatch, "trap '' TERM; touch $HOME/ready; while :; do sleep 0.1; done")
    clock = HeldClock()
    mirroring = Mirroring(mirror, house.places, clock)
    mirroring.step()
    eventually((house.places.own / "ready").exists, "it runs")
    clock.advance(3601)
    mirroring.step()
    threading.Event().wait(0.3)
    mirroring.step()
    assert mirroring.is_running
    clock.advance(KILL_AFTER_MACHINE_S)
    finish(mirroring)
    assert "took longer" in mirroring.state.problem
    assert noted.exists()


def test_stopping_ends_what_runs_and_counts_nothing(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(house, monkeypatch, "exec sleep 300")
    mirroring = Mirroring(mirror, house.places, HeldClock())
    mirroring.step()
    mirroring.stop()
    assert not mirroring.is_running
    assert mirroring.state.failures == 0


def test_two_copies_are_not_made_at_once(house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(house, monkeypatch, "exec sleep 300")
    first, second = (Mirroring(mirror, house.places, SystemClock()) for _ in range(2))
    first.begin()
    second.begin()
    assert not second.is_running
    assert second.state.problem == "another copy is being made"
    first.stop()


def test_borg_is_told_of_nothing_but_its_work(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = stand_in(
        house, monkeypatch, 'read -r -u "$BORG_PASSPHRASE_FD" secret; [ "$secret" ] && echo heard >> $HOME/heard'
    )
    monkeypatch.setenv("SSH_AUTH_SOCK", "agent.sock")
    monkeypatch.setenv("ANNAS_TOKEN", "x")
    mirroring = Mirroring(mirror, house.places, HeldClock())
    mirroring.begin()
    eventually((house.places.own / "heard").exists, "the passphrase came through the pipe")
    finish(mirroring)
    told = noted.read_text()
    assert "passphrase-of-the-test" not in told
    assert "SSH_AUTH_SOCK" not in told
    assert "ANNAS_TOKEN" not in told
    for option in ("BatchMode=yes", "IdentityAgent=none", "StrictHostKeyChecking=yes", "ForwardAgent=no"):
        assert option in told
    assert "-F none" in told


def test_a_file_that_changed_meanwhile_is_a_remark_and_no_failure(
    house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(house, monkeypatch, "exit 1")
    mirroring = Mirroring(mirror, house.places, HeldClock())
    mirroring.begin()
    finish(mirroring)
    assert mirroring.state.failures == 0
    assert "some files changed" in state.told(mirroring.state)


@pytest.mark.parametrize(("mode", "says"), [(0o644, "may be read by others"), (None, "cannot be read")])
def test_a_passphrase_that_others_may_read_or_that_is_missing_stops_it(
    house: House, mirror: Mirror, mode: int | None, says: str
) -> None:
    path = house.places.passphrase(mirror)
    path.unlink() if mode is None else path.chmod(mode)
    mirroring = Mirroring(mirror, house.places, HeldClock())
    mirroring.begin()
    assert not mirroring.is_running
    assert says in mirroring.state.problem


def test_a_state_that_cannot_be_read_is_a_fresh_one(tmp_path: Path) -> None:
    (tmp_path / state.FILE).write_text("{")
    assert state.read(tmp_path) == state.State()
    assert state.told(state.State()) == "nothing was copied yet"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@", "another host key"),
        (
            "Remote: anna@nas: Permission denied (publickey).\nConnection closed by remote host.",
            "its authorized_keys",
        ),
        ("Repository /x does not exist.", "bitgrid mirror init"),
        ("something new", "borg ended with 2: something new"),
        ("", "borg ended with 2: it said nothing"),
    ],
)
def test_complaints_are_told_in_words(said: str, words: str) -> None:
    assert words in in_words(2, said)


def test_a_signal_is_told() -> None:
    assert in_words(-9, "") == "borg was ended by signal 9"


def test_state_is_for_its_owner_alone(house: House, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(house, monkeypatch, "exit 0")
    mirroring = Mirroring(mirror, house.places, HeldClock())
    mirroring.begin()
    finish(mirroring)
    assert stat.S_IMODE(house.places.own.stat().st_mode) == 0o700
