"""An update of the whole system, and the power going at every one of its steps."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import tarfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bitgrid.clock import HeldClock
from bitgrid.ops.slots import Phase, Slot, SlotError, State
from bitgrid.ops.slots.booting import Booting, GrubBooting, PiBooting
from bitgrid.ops.slots.bundle import Bundle
from bitgrid.ops.slots.state import load, save
from bitgrid.ops.slots.updating import Card, Updater, is_older, judge

ROOM = 3 << 20
OLD, NEW = b"old" * 1000, os.urandom(2 << 20) + bytes(1 << 19)
KEY = Ed25519PrivateKey.generate()
CONFIG = "arm_64bit=1\nos_prefix=a/\nkernel=vmlinuz\n"


class PowerCutError(Exception):
    """The power is gone."""


def packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            told = tarfile.TarInfo(name.replace("__", "."))
            told.size = len(content)
            archive.addfile(told, io.BytesIO(content))
    return buffer.getvalue()


def update(path: Path, content: bytes = NEW, *, key: Ed25519PrivateKey = KEY, **changed: Any) -> Path:
    """An update's file; ``changed`` parts of its manifest are not what is in it."""
    boot = packed(vmlinuz=b"kernel", cmdline__txt=b"root=@ROOT@ bitgrid.slot=@SLOT@ ro\n", overlays=b"")
    manifest = {
        "schema": 1,
        "version": "2.0.0",
        "machine": "arm64",
        "boot": {"sha256": hashlib.sha256(boot).hexdigest(), "size": len(boot)},
        "root": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)},
        **changed,
    }
    raw = json.dumps(manifest).encode()
    zstd = subprocess.run(["zstd", "-c"], input=content, capture_output=True, check=True).stdout
    path.write_bytes(packed(manifest__json=raw, manifest__sig=key.sign(raw), boot__tar=boot, root__img__zst=zstd))
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "release.pem"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture(params=["pi", "grub"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Card:
    return new_card(tmp_path / "card", request.param)


def new_card(where: Path, kind: str) -> Card:
    """A card with a system in slot a, and in slot b what is left of one before it."""
    boot = where / "boot"
    (boot / "grub").mkdir(parents=True)
    (boot / "config.txt").write_text(CONFIG)
    booting: Booting = PiBooting(boot, where) if kind == "pi" else GrubBooting(boot)
    (boot / "grub" / "grubenv").write_text("# GRUB Environment Block\n")
    booting.keep(Slot.A)
    (boot / "a").mkdir()
    (boot / "a" / "cmdline.txt").write_text("root=A bitgrid.slot=a ro\n")
    (boot / "b" / "overlays").mkdir(parents=True)
    for name in ("b/vmlinuz", "b/overlays/of-before", "a/vmlinuz"):
        (boot / name).write_text("of a system before")
    devices = {slot: where / f"root-{slot}" for slot in Slot}
    for device in devices.values():
        device.write_bytes(bytes(ROOM))
    with devices[Slot.A].open("r+b") as file:
        file.write(OLD)
    return Card(booting, devices, {Slot.A: "A", Slot.B: "B"}, Slot.A, where / "data" / "update.json")


def started(card: Card) -> Card:
    """The card after a start: by what is armed, which counts once, else by what is usual."""
    booting = card.booting
    running = booting.usual()
    if isinstance(booting, PiBooting):
        trial = booting.directory / "tryboot.txt"
        if trial.exists():
            running = Slot(trial.read_text().split("os_prefix=")[1][0])
    elif "next_entry=" in (block := (booting.directory / "grub/grubenv").read_text()):
        running = Slot(block.split("next_entry=")[1][0])
        booting.disarm()
    return Card(booting, card.devices, card.roots, running, card.state)


def lost_power(card: Card) -> Card:
    """The card after a reset, which clears the firmware's flag: its tryboot.txt is not read then."""
    return Card(card.booting, card.devices, card.roots, card.booting.usual(), card.state)


def holds(card: Card, slot: Slot, root: bytes) -> bool:
    """Whether a slot has a system, all of it, that starts from its own partition."""
    with card.devices[slot].open("rb") as file:
        is_there = file.read(len(root)) == root
    line = (card.booting.directory / slot / "cmdline.txt").read_text()
    return is_there and line == f"root={card.roots[slot]} bitgrid.slot={slot} ro\n"


def updater(card: Card, **changed: Any) -> Updater:
    return Updater(**{"card": card, "machine": "arm64", "version": "1.0.0", "clock": HeldClock(1000.0), **changed})


def judged(card: Card, missing: str | None = None) -> list[State]:
    return list(judge(card, lambda: missing, HeldClock(2000.0)))


def test_a_good_update_is_tried_and_kept(card: Card, key: Path, tmp_path: Path) -> None:
    state = updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    assert (state.phase, state.to, card.booting.usual()) == (Phase.TRIAL, Slot.B, Slot.A)
    trial = started(card)
    assert trial.running is Slot.B
    assert holds(card, Slot.B, NEW)
    assert holds(card, Slot.A, OLD)
    assert [state.phase for state in judged(trial)] == [Phase.KEPT]
    assert card.booting.usual() is Slot.B
    assert started(card).running is Slot.B
    assert judged(started(card)) == []


def test_the_next_update_goes_into_the_slot_that_is_free_then(card: Card, key: Path, tmp_path: Path) -> None:
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    judged(started(card))
    newer = bytes(range(256)) * 100
    again = started(card)
    updater(again).install(Bundle(update(tmp_path / "newer.tar", newer), key))
    assert holds(card, Slot.A, newer)
    assert started(again).running is Slot.A


def test_one_that_is_not_well_is_left_with_its_reason(card: Card, key: Path, tmp_path: Path) -> None:
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    (left,) = judged(started(card), "the rules are not heard")
    assert left.phase is Phase.LEFT
    assert left.reason == "2.0.0 came up, but its house was not well: the rules are not heard"
    assert started(card).running is Slot.A
    assert judged(started(card)) == []


def test_one_that_never_came_up_is_left_by_the_old_one(card: Card, key: Path, tmp_path: Path) -> None:
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    started(card)
    (left,) = judged(lost_power(card))
    assert left.reason == "2.0.0 did not come up, and 1.0.0 was started again"
    assert started(card).running is Slot.A


def test_how_far_an_update_is_may_be_read_by_all_whoever_asked_for_it(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        state = State(phase=Phase.KEPT, to=Slot.B, version="2", before="1", at_s=1)
        save(tmp_path / "update.json", state)
    finally:
        os.umask(before)
    assert (tmp_path / "update.json").stat().st_mode & 0o777 == 0o644
    assert load(tmp_path / "update.json") == state


@pytest.mark.parametrize("phase", Phase)
def test_what_a_newer_system_notes_of_an_update_an_older_one_understands(phase: Phase, tmp_path: Path) -> None:
    state = State(phase=phase, to=Slot.B, version="2", before="1", at_s=1, reason="ill", had_address=True)
    newer = {**state.model_dump(mode="json"), "noted_by_tomorrows": {"tries": 2}}
    (tmp_path / "update.json").write_text(json.dumps(newer))
    assert load(tmp_path / "update.json") == state
    del newer["had_address"]
    (tmp_path / "update.json").write_text(json.dumps(newer))
    told = load(tmp_path / "update.json")
    assert told == state.model_copy(update={"had_address": False}), "and what an older one noted, a newer"


def test_a_system_that_could_never_be_updated_itself_is_left(
    card: Card, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its kernel came without the module that asks for a trial, or the module did not find the firmware."""
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    trial = started(card)
    monkeypatch.setattr(type(card.booting), "hindrance", lambda _: "this kernel cannot ask")
    (left,) = judged(trial)
    assert left.phase is Phase.LEFT
    assert left.reason == "2.0.0 came up, but could not be updated itself: this kernel cannot ask"
    assert started(card).running is Slot.A


def test_whether_this_computer_was_in_a_network_is_noted_for_the_judge(
    card: Card, key: Path, tmp_path: Path
) -> None:
    for had_address in (True, False):
        state = updater(card, had_address=had_address).install(Bundle(update(tmp_path / "new.tar"), key))
        assert state == load(card.state)
        assert state.had_address is had_address


def test_the_boot_partition_is_open_while_the_choice_is_written_and_not_while_the_house_is_waited_for(
    card: Card, key: Path, tmp_path: Path
) -> None:
    order, usual = list[str](), card.booting.usual

    @contextlib.contextmanager
    def opened() -> Iterator[None]:
        order.append(f"open, {usual()} is usual")
        yield
        order.append(f"shut, {usual()} is usual")

    def how_ill() -> str | None:
        return order.append("wait")

    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    list(judge(started(card), how_ill, HeldClock(2000.0), opened))
    assert order == ["wait", "open, a is usual", "shut, b is usual"]
    state = load(card.state)
    assert state is not None
    assert state.phase is Phase.KEPT


def test_no_update_is_nothing_to_judge(card: Card) -> None:
    assert judged(card) == []


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Goes before the n-th operation that changes the card or reads back; ``[n]``, and none where it is never."""
    left = [-1]

    def cut(name: str, holder: object) -> None:
        whole = getattr(holder, name)

        def run(*arguments: Any, **options: Any) -> object:
            if left[0] == 0:
                raise PowerCutError(name)
            left[0] -= 1
            return whole(*arguments, **options)

        monkeypatch.setattr(holder, name, run)

    for holder, names in (
        (os, ("fsync", "pwrite", "unlink", "rmdir", "posix_fadvise")),
        (Path, ("rename", "mkdir")),
    ):
        for name in names:
            cut(name, holder)
    whole = Bundle.root_chunks

    def chunks(bundle: Bundle) -> Iterator[bytes]:
        for chunk in whole(bundle):
            if left[0] == 0:
                raise PowerCutError("while the slot is written")
            left[0] -= 1
            yield chunk

    monkeypatch.setattr(Bundle, "root_chunks", chunks)
    yield left
    left[0] = -1


def started_from(card: Card) -> dict[str, bytes]:
    """All of the boot partition that a usual start reads, but for the choice.

    A FAT has no journal: whatever was being named, written or removed when the power went may be anything then.
    None of these may be.
    """
    boot = card.booting.directory
    mine = {str(path.relative_to(boot)): path.read_bytes() for path in boot.rglob("*") if path.is_file()}
    mine["config.txt"] = re.sub(rb"(?m)^os_prefix=[ab]/$", b"os_prefix=?/", mine["config.txt"])
    passing = ("b/", "tryboot.txt", ".tryboot.txt.new")
    return {name: raw for name, raw in mine.items() if name != "grub/grubenv" and not name.startswith(passing)}


@pytest.mark.parametrize("kind", ["pi", "grub"])
def test_whenever_the_power_goes_a_whole_system_is_started_and_the_update_can_be_done_again(
    kind: str, key: Path, tmp_path: Path, power: list[int]
) -> None:
    bundle = Bundle(update(tmp_path / "new.tar"), key)
    points = 0
    for number in range(200):
        card = new_card(tmp_path / f"{kind}-{number}", kind)
        before = started_from(card)
        power[0] = number
        try:
            updater(card).install(bundle)
            for _state in judge(started(card), lambda: None, HeldClock(2000.0)):
                pass
            power[0] = -1
            break
        except PowerCutError:
            power[0] = -1
            points += 1
        assert started_from(card) == before, number
        after = lost_power(card)
        assert holds(card, after.running, NEW if after.running is Slot.B else OLD), number
        told = judged(after)
        state = load(card.state)
        assert state is None or state.phase in {Phase.KEPT, Phase.LEFT}, (number, told)
        assert (state is not None and state.phase is Phase.KEPT) == (after.running is Slot.B), number
        assert card.booting.usual() is after.running
        if after.running is Slot.A:
            updater(after).install(bundle)
            assert judged(started(after))[0].phase is Phase.KEPT
        assert holds(card, Slot.B, NEW)
    assert points >= 40, points  # docs/flashing.md says how many


@pytest.mark.parametrize("cut_at", [0, 512])
@pytest.mark.parametrize("kind", ["pi", "grub"])
@pytest.mark.parametrize("asked", ["arm", "disarm", "keep"])
def test_of_the_choice_only_the_first_sector_counts_so_that_it_cannot_be_torn(
    kind: str, cut_at: int, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card writes a sector whole or not at all; GRUB's block is two, and what it says is in the first."""
    card = new_card(tmp_path / kind, kind)
    if asked == "disarm":
        card.booting.arm(Slot.B)

    def torn(handle: int, content: bytes, offset: int) -> int:
        whole(handle, content[:cut_at], offset)
        raise PowerCutError

    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", torn)
    with contextlib.suppress(PowerCutError):
        card.booting.disarm() if asked == "disarm" else getattr(card.booting, asked)(Slot.B)
    is_kept = asked == "keep" and cut_at == 512
    assert card.booting.usual() is (Slot.B if is_kept else Slot.A)
    if kind == "grub":
        block = (card.booting.directory / "grub/grubenv").read_bytes()
        assert len(block) == 1024
        assert block[512:] == b"#" * 512


@pytest.mark.parametrize("kind", ["pi", "grub"])
def test_power_that_goes_while_it_is_kept_and_a_house_that_is_ill_then_leads_back(
    kind: str, key: Path, tmp_path: Path, power: list[int]
) -> None:
    card = new_card(tmp_path / kind, kind)
    updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
    trial = started(card)
    for number in range(20):
        power[0] = number
        try:
            list(judge(trial, lambda: None, HeldClock(2000.0)))
        except PowerCutError:
            power[0] = -1
            if card.booting.usual() is Slot.B:
                break
        power[0] = -1
    assert card.booting.usual() is Slot.B
    state = load(card.state)
    assert state is not None
    assert state.phase is Phase.TRIAL
    (left,) = judged(lost_power(card), "the disk is full")
    assert left.phase is Phase.LEFT
    assert started(card).running is Slot.A


class TestRefusals:
    """Of what is refused, nothing is written."""

    @pytest.fixture
    def before(self, card: Card) -> dict[str, bytes]:
        return self.content(card)

    @staticmethod
    def content(card: Card) -> dict[str, bytes]:
        boot = card.booting.directory
        told = {str(path.relative_to(boot)): path.read_bytes() for path in boot.rglob("*") if path.is_file()}
        return told | {device.name: device.read_bytes() for device in card.devices.values()}

    def test_a_stranger_s(self, card: Card, key: Path, tmp_path: Path, before: dict[str, bytes]) -> None:
        with pytest.raises(SlotError, match="not signed by who makes"):
            Bundle(update(tmp_path / "new.tar", key=Ed25519PrivateKey.generate()), key)
        assert self.content(card) == before

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"machine": "amd64"}, "this update is for amd64, this machine is arm64"),
            ({"machine": "arm64-raspios"}, "this update is for arm64-raspios, this machine is arm64;"),
            ({"root": {"sha256": "0" * 64, "size": ROOM + 1}}, "flash a new card"),
            ({"boot": {"sha256": "0" * 64, "size": 1}}, r"is damaged \(boot\.tar\)"),
        ],
    )
    def test_what_does_not_fit(  # noqa: PLR0913, PLR0917  fixtures
        self, card: Card, key: Path, tmp_path: Path, before: dict[str, bytes], changed: dict[str, Any], says: str
    ) -> None:
        bundle = Bundle(update(tmp_path / "new.tar", **changed), key)
        with pytest.raises(SlotError, match=says):
            updater(card).install(bundle)
        assert self.content(card) == before
        assert load(card.state) is None

    def test_any_where_the_card_was_made_without_a_key(self, key: Path, tmp_path: Path) -> None:
        key.unlink()
        with pytest.raises(SlotError, match="this card was made without a key, so it takes no update"):
            Bundle(update(tmp_path / "new.tar"), key)
        key.write_text("none")
        with pytest.raises(SlotError, match="is no key, so no update can be trusted"):
            Bundle(tmp_path / "new.tar", key)

    def test_a_form_of_tomorrow(self, key: Path, tmp_path: Path) -> None:
        with pytest.raises(SlotError, match="of a form that this version does not know"):
            Bundle(update(tmp_path / "new.tar", schema=2), key)

    @pytest.mark.parametrize("content", [b"", b"no tar", b"x" * 2000, packed(manifest__json=b"{}")])
    def test_what_is_no_update(self, key: Path, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "new.tar").write_bytes(content)
        with pytest.raises(SlotError, match="update"):
            Bundle(tmp_path / "new.tar", key)

    @pytest.mark.parametrize(
        "kind", [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE]
    )
    def test_of_what_a_tar_can_hold_it_has_plain_files_alone(self, key: Path, tmp_path: Path, kind: bytes) -> None:
        """Else a name of 8 GB would be read into memory, a link followed to itself, nonsense computed with."""
        other = tarfile.TarInfo("more")
        other.type, other.linkname, other.size = kind, "manifest.json", 0
        path = update(tmp_path / "new.tar")
        path.write_bytes(other.tobuf(tarfile.USTAR_FORMAT) + path.read_bytes())
        with pytest.raises(SlotError, match="is none's"):
            Bundle(path, key)

    def test_a_second_manifest(self, key: Path, tmp_path: Path) -> None:
        path = update(tmp_path / "new.tar")
        path.write_bytes(packed(manifest__json=b"{}")[:1024] + path.read_bytes())
        with pytest.raises(SlotError, match="is none's"):
            Bundle(path, key)

    @pytest.mark.parametrize("size", [-1, 1 << 40])
    def test_a_part_that_says_it_is_larger_than_the_file(self, key: Path, tmp_path: Path, size: int) -> None:
        path, claimed = tmp_path / "new.tar", tarfile.TarInfo("manifest.json")
        claimed.size = size
        path.write_bytes(claimed.tobuf(tarfile.GNU_FORMAT))
        with pytest.raises(SlotError, match="update"):
            Bundle(path, key)

    def test_whatever_became_of_it_on_its_way_is_told_in_words(self, key: Path, tmp_path: Path) -> None:
        whole, chance = update(tmp_path / "new.tar").read_bytes(), random.Random(9)
        for _ in range(300):
            harmed = bytearray(whole[: 512 * 8])
            for _ in range(chance.randrange(1, 6)):
                harmed[chance.randrange(len(harmed))] = chance.randrange(256)
            harmed[148:156] = b"%06o\0 " % (sum(harmed[:148]) + 8 * 32 + sum(harmed[156:512]))  # it still adds up
            (tmp_path / "harmed.tar").write_bytes(bytes(harmed) + whole[512 * 8 :])
            with contextlib.suppress(SlotError):
                Bundle(tmp_path / "harmed.tar", key).boot_files()

    def test_no_unpacker_stays_behind_when_the_card_cannot_be_written(self, key: Path, tmp_path: Path) -> None:
        chunks = Bundle(update(tmp_path / "new.tar"), key).root_chunks()
        next(chunks)
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
        assert children.read_text()
        chunks.close()  # type: ignore[attr-defined]
        assert not children.read_text()

    def test_what_unpacks_to_more_than_was_signed_is_written_no_further(self, key: Path, tmp_path: Path) -> None:
        bomb = {"sha256": hashlib.sha256(b"x").hexdigest(), "size": 1 << 20}
        path = update(tmp_path / "new.tar", bytes(200 << 20), root=bomb)
        chunks = Bundle(path, key).root_chunks()
        assert len(next(chunks)) == 1 << 20
        with pytest.raises(SlotError, match="is damaged"):
            next(chunks)

    def test_an_older_one_unless_it_is_asked_for(
        self, card: Card, key: Path, tmp_path: Path, before: dict[str, bytes]
    ) -> None:
        bundle = Bundle(update(tmp_path / "new.tar", version="1.9.0"), key)
        with pytest.raises(SlotError, match=r"is 1\.9\.0, older than 1\.10\.0, which runs.*--older"):
            updater(card, version="1.10.0").install(bundle)
        assert self.content(card) == before
        updater(card, version="1.10.0", may_be_older=True).install(bundle)
        assert started(card).running is Slot.B

    def test_where_nothing_can_be_tried(
        self, card: Card, key: Path, tmp_path: Path, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(card.booting), "hindrance", lambda _: "this kernel cannot")
        with pytest.raises(SlotError, match=r"this kernel cannot, and no .* untried.*changed\. Flash a new card"):
            updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
        assert self.content(card) == before

    def test_a_kernel_that_the_boot_partition_has_no_room_for(
        self, card: Card, key: Path, tmp_path: Path, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: types.SimpleNamespace(free=0))
        with pytest.raises(SlotError, match=r"bytes of .*boot, which has .*; flash a new card instead"):
            updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
        assert self.content(card) == before

    def test_a_slot_that_somebody_has_mounted(
        self, card: Card, key: Path, tmp_path: Path, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened = os.open

        def is_mounted(path: Path, how: int, *more: Any, **named: Any) -> int:
            if path == card.devices[Slot.B] and how & os.O_EXCL:
                raise OSError(errno.EBUSY, "Device or resource busy")
            return opened(path, how, *more, **named)

        bundle = Bundle(update(tmp_path / "new.tar"), key)
        monkeypatch.setattr(os, "open", is_mounted)
        with pytest.raises(SlotError, match="is mounted; nothing was changed"):
            updater(card).install(bundle)
        assert self.content(card) == before

    def test_a_root_that_is_not_what_was_signed_is_never_tried(
        self, card: Card, key: Path, tmp_path: Path
    ) -> None:
        wrong = {"sha256": hashlib.sha256(OLD).hexdigest(), "size": len(NEW)}
        with pytest.raises(SlotError, match=r"is damaged \(root"):
            updater(card).install(Bundle(update(tmp_path / "new.tar", root=wrong), key))
        assert started(card).running is Slot.A
        state = load(card.state)
        assert state is not None
        assert (state.phase, state.reason) == (Phase.LEFT, "new.tar is damaged (root.img.zst); copy it again")
        assert judged(started(card)) == [], "nothing says that it was interrupted"

    def test_a_file_that_was_cut_off(self, card: Card, key: Path, tmp_path: Path) -> None:
        path = update(tmp_path / "new.tar")
        whole = path.read_bytes()
        bundle = Bundle(path, key)
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SlotError):
            updater(card).install(bundle)
        assert started(card).running is Slot.A

    def test_a_card_that_reads_back_something_else_is_failing(
        self, card: Card, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Updater, "_digest", lambda *_: "0" * 64)
        with pytest.raises(SlotError, match="the card is failing"):
            updater(card).install(Bundle(update(tmp_path / "new.tar"), key))
        assert started(card).running is Slot.A

    def test_an_update_while_one_is_on_trial(self, card: Card, key: Path, tmp_path: Path) -> None:
        bundle = Bundle(update(tmp_path / "new.tar"), key)
        updater(card).install(bundle)
        with pytest.raises(SlotError, match="on trial itself"):
            updater(started(card)).install(bundle)

    def test_a_name_that_leads_out_of_its_place(self, card: Card, key: Path, tmp_path: Path) -> None:
        boot = packed(**{"../a/cmdline__txt": b"root=evil\n"})
        told = {"sha256": hashlib.sha256(boot).hexdigest(), "size": len(boot)}
        path = update(tmp_path / "new.tar", boot=told)
        with tarfile.open(path) as archive:
            parts = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
        path.write_bytes(
            packed(**{name.replace(".", "__"): raw for name, raw in {**parts, "boot.tar": boot}.items()})
        )
        with pytest.raises(SlotError, match="outside of its place"):
            updater(card).install(Bundle(path, key))
        assert holds(card, Slot.A, OLD)


@pytest.mark.parametrize(
    ("version", "than", "is_before"),
    [("1.9", "1.10", True), ("1.10", "1.9", False), ("1.0", "1.0.0", False), ("2.0.0rc1", "2.0.0", False),
     ("0.1.0+3.gabc", "0.1.1", True), ("x", "1", True)],
)  # fmt: skip
def test_which_version_is_older(version: str, than: str, *, is_before: bool) -> None:
    assert is_older(version, than) is is_before


class TestChoosing:
    def test_a_pi_can_try_only_where_its_kernel_can_ask_for_it(self, tmp_path: Path) -> None:
        pi = PiBooting(tmp_path, tmp_path / "vcio", tmp_path / "ready")
        assert "cannot ask the Raspberry Pi" in (pi.hindrance() or "")
        (tmp_path / "vcio").touch()
        assert pi.hindrance() is None
        assert GrubBooting(tmp_path).hindrance() is None

    @pytest.mark.parametrize(("said", "can"), [(b"Y\n", True), (b"N\n", False), (b"", False), (b"\xff", False)])
    def test_linux_s_own_can_where_the_module_found_the_firmware(
        self, tmp_path: Path, said: bytes, *, can: bool
    ) -> None:
        (tmp_path / "ready").write_bytes(said)
        hindrance = PiBooting(tmp_path, tmp_path / "vcio", tmp_path / "ready").hindrance()
        assert (hindrance is None) is can
        assert can or str(tmp_path / "ready") in str(hindrance)

    def test_of_the_owners_file_one_letter_is_changed(self, tmp_path: Path) -> None:
        config = tmp_path / "config.txt"
        config.write_bytes(b"# mine, os_prefix=b/\r\nos_prefix=a/\r\ngpu_mem=32\r\n" + b"#" * 900)
        before, inode = config.read_bytes(), config.stat().st_ino
        booting = PiBooting(tmp_path)
        for slot in (Slot.B, Slot.A):
            booting.keep(slot)
            assert booting.usual() is slot
            assert config.read_bytes() == before.replace(b"\nos_prefix=a", b"\nos_prefix=" + slot.encode())
        assert config.stat().st_ino == inode

    def test_a_raspberry_pi_5_follows_no_include(self, tmp_path: Path) -> None:
        (tmp_path / "config.txt").write_text(CONFIG)
        PiBooting(tmp_path).arm(Slot.B)
        for name, slot in (("config.txt", "a"), ("tryboot.txt", "b")):
            lines = (tmp_path / name).read_text().splitlines()
            assert lines.count(f"os_prefix={slot}/") == 1
            assert not [line for line in lines if line.startswith("include")]

    def test_grubs_block_is_as_grub_writes_it(self, tmp_path: Path) -> None:
        (tmp_path / "grub").mkdir()
        (tmp_path / "grub/grubenv").write_text("# GRUB Environment Block\nsaved_entry=a\n".ljust(1024, "#"))
        booting = GrubBooting(tmp_path)
        booting.arm(Slot.B)
        content = (tmp_path / "grub/grubenv").read_bytes()
        assert content.startswith(b"# GRUB Environment Block\nsaved_entry=a\nnext_entry=b\n#")
        assert len(content) == 1024

    @pytest.mark.parametrize(
        ("content", "count"),
        [("", 0), ("os_prefix=c/\n", 0), ("# os_prefix=a/\n", 0), ("os_prefix=a/\n[pi4]\nos_prefix=b/\n", 2)],
    )
    def test_a_choice_that_is_none_is_said_and_left_as_it_is(
        self, tmp_path: Path, content: str, count: int
    ) -> None:
        (tmp_path / "config.txt").write_text(content)
        booting = PiBooting(tmp_path)
        for ask in (booting.usual, lambda: booting.arm(Slot.B), lambda: booting.keep(Slot.B)):
            with pytest.raises(SlotError, match=f"has {count} lines os_prefix"):
                ask()
        assert (tmp_path / "config.txt").read_text() == content
        assert not (tmp_path / "tryboot.txt").exists()

    def test_without_the_file_there_is_no_choice(self, tmp_path: Path) -> None:
        with pytest.raises(SlotError, match="flash the card anew"):
            PiBooting(tmp_path).usual()
