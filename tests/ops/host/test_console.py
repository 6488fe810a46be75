"""The screen at the host: where the page is, how the house is, and the code while nobody has an account."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bitgrid.cli import main
from bitgrid.config import load_config
from bitgrid.ops.first_boot import COPY
from bitgrid.ops.host import console
from bitgrid.ops.host.console import NO_DATA, Screen, code_for_camera, look
from bitgrid.ops.host.places import WEB, HostPlaces
from bitgrid.ops.readiness import Answer
from bitgrid.ops.slots import Phase, Slot, State
from bitgrid.ops.slots.state import STATE, save
from ops.host.appliance_site import write_config

WELL = Screen(("bitgrid.local",), ("192.168.1.10", "fd00::10"), "AB:CD", None, "")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostPlaces:
    """A host in a network, on which nobody has an account yet."""
    places = HostPlaces(tmp_path)
    write_config(places.config)
    keys = places.secrets / WEB / "web"
    keys.mkdir(parents=True)
    (keys / "setup-code").write_text("1234-5678-9012")
    monkeypatch.setattr(console, "own_addresses", lambda: ("192.168.1.10",))
    return places


def text(screen: Screen) -> str:
    return "\n".join(screen.lines())


def test_it_tells_every_way_to_the_page() -> None:
    told = text(WELL)
    for url in ("https://bitgrid.local/", "https://192.168.1.10/", "https://[fd00::10]/"):
        assert url in told
    assert "The house is well." in told
    assert "code" not in told


def test_an_update_is_told_until_it_is_kept(host: HostPlaces) -> None:
    def told(phase: Phase, reason: str = "") -> str:
        state = State(phase=phase, to=Slot.B, version="2.0.0", before="1.0.0", at_s=0, reason=reason)
        save(host.root / STATE, state)
        return text(look(load_config(host.config), host, lambda: Answer(503, {})))

    assert "The update to 2.0.0 is on trial; 1.0.0 is started again unless it is kept." in told(Phase.TRIAL)
    assert "  The update to 2.0.0 was not kept: it did not come up.\n" in told(Phase.LEFT, "it did not come up")
    assert "2.0.0" not in told(Phase.KEPT)


def test_a_mistake_in_what_the_owner_wrote_is_shown_until_it_is_mended(host: HostPlaces) -> None:
    """Who shows it may not read the boot partition: what was told lies elsewhere too."""
    boot = host.root / "not/mounted"
    for directory in (boot, (host.root / COPY).parent):
        directory.mkdir(parents=True)
    for hostname, is_shown in (("My House", True), ("my-house", False)):
        (boot / "bitgrid.yaml").write_text(f"schema: 1\nhostname: {hostname}\n")
        words = ["--boot", str(boot), "--root", str(host.root), "--copy", str(host.root / COPY)]
        CliRunner().invoke(main, ["host", "first-boot", *words])
        told = text(look(load_config(host.config), host, lambda: Answer(503, {})))
        assert ("Nothing was taken over" in told, "bitgrid.yaml:2" in told) == (is_shown, is_shown), told
        assert (host.root / COPY).stat().st_mode & 0o777 == 0o644


def test_a_card_without_its_data_is_said_even_where_there_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / NO_DATA).write_text("The data partition of this card cannot be used. Replace the card.\n")
    done = CliRunner().invoke(main, ["host", "console", "--once", "--root", str(tmp_path)])
    assert done.exit_code != 0
    assert "The data partition of this card cannot be used." in done.output


@pytest.mark.parametrize(("options", "is_said"), [("ro,errors=remount-ro", True), ("rw,errors=remount-ro", False)])
def test_a_card_that_the_kernel_has_given_up_is_said(host: HostPlaces, options: str, *, is_said: bool) -> None:
    (host.root / "proc/self").mkdir(parents=True)
    lines = [
        "21 1 8:2 / / ro,relatime shared:1 - ext4 /dev/sda2 ro",
        f"30 21 8:4 / /data ro,nosuid,nodev,noatime shared:9 - ext4 /dev/sda4 {options}",
    ]
    (host.root / "proc/self/mountinfo").write_text("\n".join(lines) + "\n")
    told = text(look(load_config(host.config), host, lambda: Answer(503, {})))
    assert ("This card cannot be written any more" in told) is is_said


def test_without_a_network_it_says_what_to_look_at() -> None:
    assert "network cable" in text(Screen(("bitgrid.local",), (), "", "rules has not been heard", ""))


def test_the_code_is_shown_until_somebody_has_an_account(host: HostPlaces) -> None:
    def asked() -> Answer:
        raise ConnectionRefusedError("still starting")

    config = load_config(host.config)
    assert "1234-5678-9012" in text(look(config, host, asked))
    (host.secrets / WEB / "web" / "accounts.json").write_text("{}")
    told = text(look(config, host, asked))
    assert "1234-5678-9012" not in told
    assert "Not well: the page does not answer: still starting" in told


def test_the_command_shows_it_once(host: HostPlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitgrid.ops.commands.host.ask_of", lambda *_: lambda: Answer(503, {}))
    done = CliRunner().invoke(main, ["host", "console", "--once", "--root", str(host.root)])
    assert done.exit_code == 0, done.output
    assert "https://192.168.1.10/" in done.output
    assert "Not well: the page answers 503" in done.output


@pytest.mark.skipif(shutil.which("qrencode") is None, reason="qrencode is not installed")
def test_the_code_for_a_camera_is_drawn() -> None:
    assert len(code_for_camera("192.168.1.10").splitlines()) > 10


def test_without_qrencode_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert code_for_camera("192.168.1.10") == ""
