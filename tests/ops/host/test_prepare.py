"""`bitgrid host prepare`: all that an appliance derives from its configuration, made once, and no more."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from supervisor.options import ServerOptions  # type: ignore[import-untyped]  # the package has no types

from bitgrid.cli import main
from bitgrid.ops.host import house_programs, places, prepare
from bitgrid.ops.host.house_programs import appliance_programs, layout
from bitgrid.ops.host.places import HostPlaces
from bitgrid.store.files import write_whole
from ops.host.appliance_site import HOME_ASSISTANT, write_config

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files are given to other users, which only root can do")
ME = "daemon"
"""Stands for every user of an appliance; Debian always has it, and a group of that name."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CORE", "FEEDS", "WEB", "MIRROR", "DATA_GROUP", "LINK_GROUP", "BROKER_USER"):
        monkeypatch.setattr(prepare, name, ME)
    monkeypatch.setattr("bitgrid.ops.host.accounts.IO", ME)
    for program in places.USERS:
        monkeypatch.setitem(places.USERS, program, ME)
    write_config(tmp_path / "etc/bitgrid", broker={"peers": [HOME_ASSISTANT]})
    return tmp_path


def run(root: Path, *arguments: str) -> list[str]:
    done = CliRunner().invoke(main, ["host", *arguments, "--root", str(root)])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


def test_the_first_time_everything_is_made_and_the_second_time_nothing(root: Path) -> None:
    first = run(root, "prepare", "--address", "192.168.1.10")
    assert any(line.endswith("/broker-rules") for line in first)
    assert run(root, "prepare", "--address", "192.168.1.10") == []
    assert modes(root / "etc/bitgrid/tls") == {
        "ca.key": 0o600,
        "ca.crt": 0o644,
        "web.key": 0o600,
        "web.crt": 0o644,
        "broker.key": 0o600,
        "broker.crt": 0o644,
    }
    assert set(modes(root / "run/bitgrid/broker").values()) == {0o640}
    assert modes(root / "run/bitgrid") == {"link": 0o3770, "broker": 0o750, "supervisor": 0o2750}


def test_no_secret_is_printed(root: Path) -> None:
    told = "\n".join(run(root, "prepare"))
    files = [path for path in (root / "etc/bitgrid/secrets").rglob("*") if path.is_file()]
    assert len(files) >= 9
    texts = [path.read_text().strip() for path in files]
    assert not any((text.partition(":")[2] or text) in told for text in texts)


def test_what_is_lost_in_run_comes_back_and_the_passwords_stay(root: Path) -> None:
    run(root, "prepare")
    secret = root / "etc/bitgrid/secrets" / ME / "broker-rules"
    before = secret.read_text()
    (root / "run/bitgrid/broker/passwords").unlink()
    assert run(root, "prepare") == [f"wrote {root}/run/bitgrid/broker/passwords"]
    assert secret.read_text() == before


def test_another_address_makes_another_certificate_under_the_same_authority(root: Path) -> None:
    run(root, "prepare")
    trusted = run(root, "trust")
    told = run(root, "prepare", "--address", "192.168.1.99")
    assert [line.split(" for ")[0] for line in told] == [
        f"made {root}/etc/bitgrid/tls/web.crt",
        f"made {root}/etc/bitgrid/tls/broker.crt",
    ]
    assert run(root, "trust") == trusted


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("log_in: password", "log_in: none", "lets nobody in without"),
        ("- bitgrid.local", "[]", "web.names"),
        ("proxy: true", "proxy: false", "web.proxy: true"),
    ],
)
def test_what_would_be_open_or_unreachable_is_refused(root: Path, old: str, new: str, told: str) -> None:
    file = root / "etc/bitgrid/site.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace("names:\n  - bitgrid.local", "names: []").replace(old, new))
    done = CliRunner().invoke(main, ["host", "prepare", "--root", str(root)])
    assert done.exit_code != 0
    assert told in done.output
    assert not (root / "run").exists()


def test_supervisord_understands_what_it_is_given(root: Path) -> None:
    run(root, "prepare")
    conf = layout(HostPlaces(root)).supervisor_conf
    options = ServerOptions()
    options.realize(["-c", str(conf)], doc="")
    configs = {group.name: group.process_configs[0] for group in options.process_group_configs}
    assert set(configs) == {"poller", "loads", "rules", "recorder", "feeds", "explain", "web", "reviver"}
    assert all(config.uid for config in configs.values()), "nothing runs as root"
    assert {config.umask for config in configs.values()} == {0o027}
    assert configs["rules"].environment["BITGRID_RULES_PEERS"] == ME


def test_the_guard_is_a_unit_of_its_own_and_the_last_to_give_way_are_rules_and_loads() -> None:
    programs = {program.name: program for program in appliance_programs(HostPlaces(), mirrored=False)}
    assert "guard" not in programs
    scores = {name: int(program.command[3]) for name, program in programs.items()}
    assert sorted(scores, key=scores.__getitem__)[:2] == ["rules", "loads"]
    assert scores["web"] == house_programs.OOM_SCORE_OF_OTHERS > scores["recorder"]


def test_each_program_has_the_user_of_its_zone() -> None:
    users = {program.name: program.user for program in appliance_programs(HostPlaces(), mirrored=True)}
    assert users == {
        "poller": "bitgrid-io",
        "loads": "bitgrid-io",
        "rules": "bitgrid-core",
        "recorder": "bitgrid-core",
        "reviver": "bitgrid-core",
        "feeds": "bitgrid-feeds",
        "explain": "bitgrid-web",
        "web": "bitgrid-web",
        "mirror": "bitgrid-mirror",
    }
    environments = {
        program.name: program.environment for program in appliance_programs(HostPlaces(), mirrored=True)
    }
    assert environments["feeds"]["BITGRID_DATA_DIR"] == "/var/lib/bitgrid/feeds"
    assert environments["rules"]["BITGRID_RULES_PEERS"] == "bitgrid-io"


def test_accounts_and_keys_of_the_page_are_the_webs_own(root: Path) -> None:
    run(root, "prepare")
    keys = root / "etc/bitgrid/secrets" / ME / "web"
    assert (keys.owner(), stat.S_IMODE(keys.stat().st_mode)) == (ME, 0o700)


def test_whoever_reads_the_data_can_and_nobody_else(root: Path) -> None:
    run(root, "prepare")
    assert modes(root / "var/lib/bitgrid") == {
        "feeds": 0o2750,
        "kpi": 0o750,
        "exports": 0o2750,
        "replays": 0o2750,
        "mirror": 0o700,
    }
    assert stat.S_IMODE((root / "var/lib/bitgrid").stat().st_mode) == 0o2751
    assert stat.S_IMODE((root / "var/log/bitgrid").stat().st_mode) == 0o2750


def test_without_a_mirror_there_is_no_key_and_no_process_and_with_one_both_once(root: Path) -> None:
    run(root, "prepare")
    secrets = root / "etc/bitgrid/secrets" / ME
    conf = layout(HostPlaces(root)).supervisor_conf
    assert not list(secrets.glob("mirror*"))
    assert "program:mirror" not in conf.read_text()
    shutil.rmtree(root / "etc/bitgrid/devices")
    write_config(root / "etc/bitgrid", mirror={"repository": "ssh://b@10.9.9.9/./x", "kinds": ["logs"]})
    run(root, "prepare")
    made = {path.name: (path.owner(), stat.S_IMODE(path.stat().st_mode)) for path in secrets.glob("mirror*")}
    assert made == {
        "mirror_passphrase": (ME, 0o600),
        "mirror_key": (ME, 0o600),
        "mirror_key.pub": (ME, 0o600),
    }
    assert "program:mirror" in conf.read_text()
    assert run(root, "prepare") == []


def test_the_file_has_no_two_sections_of_a_name(root: Path) -> None:
    run(root, "prepare")
    parser = RawConfigParser(strict=True, inline_comment_prefixes=(" ;",))
    parser.read_string(layout(HostPlaces(root)).supervisor_conf.read_text())
    assert parser["unix_http_server"]["chmod"] == "0770"
    assert parser["supervisord"]["user"] == "root"


def test_rules_may_replace_their_four_files_and_nothing_of_roots(root: Path) -> None:
    run(root, "prepare")
    config = root / "etc/bitgrid"
    assert (config.owner(), config.group(), stat.S_IMODE(config.stat().st_mode)) == ("root", ME, 0o1775)
    for name in ("site.yaml", "bitgrid_rules.yaml", "flags.yaml", "policies.yaml"):
        assert ((config / name).owner(), stat.S_IMODE((config / name).stat().st_mode)) == (ME, 0o644), name
    assert {(config / name).owner() for name in ("tls", "secrets", "devices")} == {"root"}


@contextmanager
def as_user(name: str) -> Iterator[None]:
    """With a user's rights on files, and without root's."""
    user = pwd.getpwnam(name)
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_with_those_rights_a_file_is_replaced_and_roots_are_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rules do, with their user's rights: the same call, the same directory."""
    run(root, "prepare")
    config = root / "etc/bitgrid"
    (config / "host.env").write_text("root's own\n")
    monkeypatch.chdir(config)  # the way there is root's alone, as pytest makes it
    with as_user(ME):
        write_whole(Path("flags.yaml"), b"new: 1\n", 0o644)
        with pytest.raises(PermissionError):
            write_whole(Path("host.env"), b"new: 1\n", 0o644)
        with pytest.raises(PermissionError):
            Path("tls").rename("elsewhere")
    flags = config / "flags.yaml"
    assert (flags.read_text(), flags.owner(), stat.S_IMODE(flags.stat().st_mode)) == ("new: 1\n", ME, 0o644)
    assert (config / "host.env").read_text() == "root's own\n"


def test_a_file_that_is_right_is_not_touched(root: Path) -> None:
    """To set owner or mode to what they are is a change to whoever watches: PathChanged= does."""
    run(root, "prepare")
    files = [root / "etc/bitgrid" / name for name in ("site.yaml", "flags.yaml")]
    before = [file.stat().st_ctime_ns for file in files]
    run(root, "prepare")
    assert [file.stat().st_ctime_ns for file in files] == before


@pytest.mark.parametrize("how", ["symlink_to", "hardlink_to"])
def test_a_link_in_place_of_a_file_gives_nobody_what_it_leads_to(root: Path, how: str) -> None:
    """Who may write the directory could point a name at anything; root follows nothing there."""
    other, flags = root / "etc/shadow", root / "etc/bitgrid/flags.yaml"
    other.write_bytes(flags.read_bytes())
    other.chmod(0o600)
    flags.unlink()
    getattr(flags, how)(other)
    done = CliRunner().invoke(main, ["host", "prepare", "--root", str(root)])
    assert (done.exit_code != 0, "flags.yaml" in done.output) == (True, True)
    assert (other.owner(), stat.S_IMODE(other.stat().st_mode)) == ("root", 0o600)


@pytest.mark.parametrize("name", ["replays", "kpi", "exports", "feeds", "mirror"])
def test_a_link_in_place_of_a_directory_gives_nobody_what_it_leads_to(root: Path, name: str) -> None:
    """Who decides owns the directory above: what it points elsewhere stays whose it is."""
    run(root, "prepare")
    other, directory = root / "run/bitgrid/supervisor", root / "var/lib/bitgrid" / name
    before = other.stat()
    directory.rmdir()
    directory.symlink_to(other)
    done = CliRunner().invoke(main, ["host", "prepare", "--root", str(root)])
    assert (done.exit_code, f"{directory} is to be a directory" in done.output) == (1, True), done.output
    assert (other.stat().st_uid, other.stat().st_gid, other.stat().st_mode) == (
        before.st_uid,
        before.st_gid,
        before.st_mode,
    )


def test_the_key_of_research_bundles_is_the_pages_own_and_stays(root: Path) -> None:
    run(root, "prepare")
    key = root / "etc/bitgrid/secrets" / ME / "web" / "research_signing_key"
    before = key.read_bytes()
    assert (key.owner(), stat.S_IMODE(key.stat().st_mode)) == (ME, 0o600)
    run(root, "prepare")
    assert key.read_bytes() == before
