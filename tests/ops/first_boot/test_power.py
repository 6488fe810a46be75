"""The power goes at any moment while the owner's files are taken off the card; the next start ends as asked."""

from __future__ import annotations

import enum
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bitgrid.ops.first_boot import LOG, applying, first_boot, removing

SECTOR = 512
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEE8eUPyu/Y5spbQcqqEMJjwsjhre1PtQkLRT7ZZDa+K "
SECRETS = (b"correct horse", b"$5$hash", b"battery staple")
_OWNERS = (
    "schema: 1\nhostname: house\ntime_zone: Europe/Vienna\n"
    "wifi: {name: Am Hang, password: 'correct horse', country: DE}\nssh_keys:\n"
)
OWNERS = f"{_OWNERS}  - {KEY}{'a' * (SECTOR - len(_OWNERS) - len(KEY) - 5)}\n  - {KEY}bob\n"
"""Its first sector alone would be taken too, for another's wishes."""
IMAGERS = {
    "user-data": f"#cloud-config\nhostname: imager\nusers:\n- name: admin\n  passwd: {'$5$hash' * 80}\n"
    f"ssh_authorized_keys:\n- {KEY}stranger\n"
    "runcmd:\n- [sh, -c, 'raspi-config nonint do_wifi_country REGDOMAIN=AT']\n",
    "network-config": "network:\n  version: 2\n"
    + "  # said by older Imagers, which left the country to user-data\n" * 8
    + "  wifis:\n    wlan0:\n      access-points:\n        Strange:\n          password: battery staple\n",
}
FILES = {"bitgrid.yaml": OWNERS, **IMAGERS}
COMBINATIONS = [
    ("bitgrid.yaml",),
    ("bitgrid.yaml", "user-data"),
    ("bitgrid.yaml", "network-config"),
    ("bitgrid.yaml", "user-data", "network-config"),
    ("user-data",),
    ("user-data", "network-config"),
]


class Torn(enum.Enum):
    """What the card has of that which was written and not synced."""

    ALL = "all"
    NOTHING = "nothing"
    FIRST_SECTOR = "the first sector"
    REST = "all but the first sector"


class PowerCut(BaseException):
    """Nothing goes on after it."""


class Power:
    """What is done to files of a directory until the power goes; the card has what was synced, and what it likes.

    Args:
        place: the directory.
        torn: what it likes.
        left: how much may be done.
    """

    def __init__(self, place: Path, torn: Torn, left: int) -> None:
        self._place, self._torn, self.left = place, torn, left
        self._written: dict[int, tuple[Path, bytes]] = {}
        self._names: list[Callable[[], object]] = []
        self._open, self._pwrite, self._close = os.open, os.pwrite, os.close
        self._unlink, self._rename = os.unlink, os.rename

    def put_on(self, patch: pytest.MonkeyPatch) -> None:
        """From here on it is this card that is written to."""
        for name in ("open", "fsync", "pwrite", "unlink", "rename", "close"):
            patch.setattr(os, name, getattr(self, name))

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        is_written = Path(path).parent == self._place and flags & os.O_WRONLY
        if is_written:
            self._step()
        before = Path(path).read_bytes() if is_written and not flags & os.O_CREAT else b""
        handle = self._open(path, flags, mode)
        self._written.pop(handle, None)  # closed by Python's own file, and its number given away again
        if is_written:
            self._written[handle] = (Path(path), before)
        return handle

    def fsync(self, handle: int) -> None:
        if handle in self._written:
            self._step()
            path = self._written[handle][0]
            self._written[handle] = (path, path.read_bytes())
        elif os.path.samestat(os.fstat(handle), self._place.stat()):
            self._step()
            self._names.clear()

    def pwrite(self, handle: int, data: bytes, at: int) -> int:
        self._step()
        return self._pwrite(handle, data, at)

    def unlink(self, path: Path) -> None:
        if path.parent == self._place and path.exists():
            self._step()
            was = path.read_bytes()
            self._names.append(lambda: path.write_bytes(was))
        self._unlink(path)

    def rename(self, source: Path, target: Path) -> None:
        if source.parent == self._place:
            self._step()
            new, old = source.read_bytes(), target.read_bytes() if target.exists() else None
            self._names.append(lambda: self._unlink(target) if old is None else target.write_bytes(old))
            self._names.append(lambda: source.write_bytes(new))
        self._rename(source, target)

    def close(self, handle: int) -> None:
        self._written.pop(handle, None)
        self._close(handle)

    def _step(self) -> None:
        if self.left == 0:
            if self._torn is not Torn.ALL:
                self._lose()
            raise PowerCut
        self.left -= 1

    def _lose(self) -> None:
        for undo in reversed(self._names):
            undo()
        for path, synced in self._written.values():
            if not path.exists():
                continue
            now = path.read_bytes()
            path.write_bytes(
                {
                    Torn.NOTHING: synced,
                    Torn.FIRST_SECTOR: now[:SECTOR] + synced[SECTOR:],
                    Torn.REST: synced[:SECTOR] + now[SECTOR:],
                }[self._torn]
            )


@pytest.fixture(autouse=True)
def nobody_owns_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where it is not root that runs this: the machine that tries it has no user admin."""
    monkeypatch.setattr(applying, "_ids_of", lambda _owner: None)


@pytest.fixture(autouse=True)
def the_disk_of_the_test_need_not_be_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost without it is played."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def house(root: Path) -> dict[str, bytes]:
    """What was taken over."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def card(place: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """A boot partition with these files on it, and a host that nothing was said to."""
    shutil.rmtree(place, ignore_errors=True)
    boot, root = place / "boot", place / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/hostname").write_text("bitgrid\n")
    boot.mkdir()
    for name in names:
        (boot / name).write_text(FILES[name])
    return boot, root


def cut(boot: Path, root: Path, torn: Torn, left: int) -> bool:
    """A start whose power goes after so much was done; whether it went before the end."""
    with pytest.MonkeyPatch.context() as patch:
        Power(boot, torn, left).put_on(patch)
        try:
            first_boot(boot, root)
        except PowerCut:
            return True
    return False


@pytest.mark.parametrize("torn", Torn)
@pytest.mark.parametrize("names", COMBINATIONS, ids="+".join)
def test_whenever_it_goes_the_next_start_ends_as_the_owner_asked(
    tmp_path: Path, names: tuple[str, ...], torn: Torn
) -> None:
    boot, root = card(tmp_path, names)
    assert first_boot(boot, root)[1]
    wished = house(root)
    assert wished["etc/hostname"] == (b"house\n" if "bitgrid.yaml" in names else b"imager\n")
    moments = 0
    while cut(*card(tmp_path, names), torn, moments):
        for _ in range(2):
            told, is_taken = first_boot(boot, root)
            assert is_taken, (moments, told)
        assert house(root) == wished, moments
        left = {path.name: path.read_bytes() for path in boot.iterdir()}
        assert not set(FILES) & set(left), moments
        assert not [name for name, text in left.items() for secret in SECRETS if secret in text], moments
        assert left[LOG].startswith(b"Taken over:"), moments
        moments += 1
    assert moments > 10 * len(names)


def test_of_imagers_files_the_network_alone_is_taken_off_too(tmp_path: Path) -> None:
    """With its country in it, as today's Imager writes it."""
    names = ("network-config",)
    text = IMAGERS["network-config"].replace("wlan0:\n", "wlan0:\n      regulatory-domain: AT\n")
    for moment in range(99):
        boot, root = card(tmp_path, ())
        (boot / names[0]).write_text(text)
        is_cut = cut(boot, root, Torn.REST, moment)
        assert first_boot(boot, root)[1]
        assert b"battery staple" in house(root)["etc/wpa_supplicant/wpa_supplicant-wlan0.conf"]
        assert not any(b"battery staple" in path.read_bytes() for path in boot.iterdir())
        if not is_cut:
            break
    assert moment > 10


@pytest.mark.parametrize("size", [0, 1, SECTOR - 1, SECTOR, SECTOR + 1, 70_000])
def test_every_byte_is_overwritten_before_a_file_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path, last = tmp_path / "x", list[bytes]()
    path.write_bytes(b"secret!" * (size // 7) + b"!" * (size % 7))
    monkeypatch.setattr(Path, "unlink", lambda path: last.append(path.read_bytes()))
    removing.remove(path)
    assert last == [b"#" * size]
    assert removing.is_begun(path) is (size > 0)


def test_what_cannot_be_read_is_not_taken_for_overwritten(tmp_path: Path) -> None:
    assert not removing.is_begun(tmp_path)
