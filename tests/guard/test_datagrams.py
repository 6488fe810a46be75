"""What comes in over the socket: only requests, only from users that may ask, and nothing else moves anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgrid.guard.link import (
    GuardReport,
    LocalSocket,
    Release,
    Renew,
    Restart,
    allowed_user_ids,
    decode_report,
    decode_request,
    encode,
)
from guard.house import ME, House

NOBODY = 65534


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[LocalSocket]:
    """A socket that hears datagrams."""
    local = LocalSocket(tmp_path / "run" / "ear.sock")
    yield local
    local.close()


def test_a_request_from_a_user_that_may_not_ask_changes_nothing_and_is_not_answered(house: House) -> None:
    house.guard.step()
    house.told.clear()
    house.renew(uid=ME + 1)
    house.renew(uid=-1)
    assert house.load.lease_id is None
    assert house.told == []


def test_only_who_may_ask_can_end_the_guard(running: House) -> None:
    ended: list[str] = []
    running.guard._end = lambda: ended.append("ended")
    running.ask(Restart(), uid=ME + 1)
    assert ended == []
    running.ask(Restart())
    assert ended == ["ended"]


def test_a_user_that_may_not_ask_can_neither_release_nor_clear(running: House) -> None:
    running.ask(Release(load="miner", reason="x"), uid=ME + 1)
    assert running.load.lease_id == "lease-1"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
nearly_a_renewal = st.fixed_dictionaries(
    {"kind": st.sampled_from(["renew", "release", "clear_trip", "report"]), "load": st.just("miner") | json_like},
    optional={
        "schema": json_like,
        "level": json_like,
        "power_w": json_like,
        "lease_id": json_like,
        "expires_boot_s": json_like,
        "reason": json_like,
        "trip_id": json_like,
    },
)


@given(st.binary(max_size=300))
def test_garbage_never_leases_a_load(data: bytes) -> None:
    _changes_nothing(data)


@given(nearly_a_renewal)
def test_what_is_nearly_a_request_never_leases_a_load(said: dict[str, object]) -> None:
    import json  # noqa: PLC0415  only here, where NaN and Infinity are written on purpose

    _changes_nothing(json.dumps(said).encode())


def _changes_nothing(data: bytes) -> None:
    house = House()
    house.guard.step()
    house.guard.on_datagram(data, ME)
    assert house.load.lease_id is None
    assert house.load.confirmed_off
    assert not house.relay.is_closed


@pytest.mark.parametrize("expiry", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_an_expiry_that_is_no_number_is_no_request(expiry: str) -> None:
    said = f'{{"kind":"renew","load":"miner","level":"eco","power_w":1,"lease_id":"a","expires_boot_s":{expiry}}}'
    assert decode_request(said.encode()) is None


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"kind":' * 9_000, b"\xff\xfe", b"", b"null", b"{}"])
def test_deep_or_empty_data_is_no_request(data: bytes) -> None:
    assert decode_request(data) is None


def test_a_report_survives_its_way(running: House) -> None:
    report = running.guard.report()
    assert isinstance(report, GuardReport)
    assert decode_report(encode(report)) == report


def test_the_socket_tells_the_user_of_the_sender(ear: LocalSocket, tmp_path: Path) -> None:
    mouth = LocalSocket(tmp_path / "mouth.sock")
    request = Renew(load="miner", level="eco", power_w=800, lease_id="a", expires_boot_s=1.0)
    assert mouth.send(encode(request), ear.path)
    mouth.close()
    heard = ear.receive(5)
    assert heard is not None
    assert decode_request(heard[0]) == request
    assert heard[1] == os.geteuid()


def _let_all_reach(path: Path) -> None:
    path.chmod(0o666)
    for directory in list(path.parents)[:-2]:
        directory.chmod(directory.stat().st_mode | 0o011)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can send as another user")
def test_the_socket_is_not_fooled_about_another_user(ear: LocalSocket) -> None:
    _let_all_reach(ear.path)
    sender = (
        "import os, socket, sys\n"
        f"os.setuid({NOBODY})\n"
        "out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "out.sendto(b'as myself', sys.argv[1])\n"
    )
    subprocess.run([sys.executable, "-c", sender, str(ear.path)], check=True, timeout=20)
    assert ear.receive(5) == (b"as myself", NOBODY)


def test_a_user_cannot_claim_to_be_another(ear: LocalSocket) -> None:
    claim = (
        "import os, socket, struct, sys\n"
        f"os.geteuid() or os.setuid({NOBODY})\n"
        "out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "root = struct.pack('3i', os.getpid(), 0, 0)\n"
        "out.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, root)], 0, sys.argv[1])\n"
    )
    _let_all_reach(ear.path)
    ran = subprocess.run(
        [sys.executable, "-c", claim, str(ear.path)], check=False, capture_output=True, text=True, timeout=20
    )
    assert "PermissionError: [Errno 1]" in ran.stderr
    assert ear.receive(0) is None


def test_a_datagram_that_is_too_long_is_cut_and_therefore_no_request(ear: LocalSocket, tmp_path: Path) -> None:
    mouth = LocalSocket(tmp_path / "mouth.sock")
    said = encode(Renew(load="miner", level="e" * 70_000, power_w=1, lease_id="a", expires_boot_s=1.0))
    assert mouth.send(said, ear.path)
    mouth.close()
    heard = ear.receive(5)
    assert heard is not None
    assert decode_request(heard[0]) is None


def test_nobody_there_is_no_error_and_nothing_said_is_none(ear: LocalSocket, tmp_path: Path) -> None:
    assert not ear.send(b"x", tmp_path / "nobody.sock")
    assert ear.receive(0) is None


def test_a_full_ear_does_not_hold_up_the_mouth(ear: LocalSocket, tmp_path: Path) -> None:
    mouth = LocalSocket(tmp_path / "mouth.sock")
    sent = [mouth.send(b"x" * 1000, ear.path) for _ in range(2000)]
    mouth.close()
    assert not all(sent)


def test_a_socket_left_behind_by_a_killed_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    first, second = LocalSocket(path), LocalSocket(path)
    mouth = LocalSocket(tmp_path / "mouth.sock")
    assert mouth.send(b"x", path)
    assert second.receive(5) == (b"x", os.geteuid())
    for local in (second, mouth, first):
        local.close()


def test_the_users_that_may_ask_are_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BITGRID_GUARD_PEERS", raising=False)
    assert allowed_user_ids("BITGRID_GUARD_PEERS") == {os.geteuid()}
    monkeypatch.setenv("BITGRID_GUARD_PEERS", "nobody, root")
    assert allowed_user_ids("BITGRID_GUARD_PEERS") == {NOBODY, 0}
    monkeypatch.setenv("BITGRID_GUARD_PEERS", "no-such-user")
    with pytest.raises(KeyError):
        allowed_user_ids("BITGRID_GUARD_PEERS")


def test_one_that_ends_late_does_not_take_the_place_of_the_next(tmp_path: Path) -> None:
    place = tmp_path / "guard.sock"
    old, new, mouth = LocalSocket(place), LocalSocket(place), LocalSocket(tmp_path / "mouth.sock")
    old.close()
    assert mouth.send(b"still there?", place)
    assert new.receive(1) is not None
    new.close()
    assert not place.exists()
    mouth.close()
