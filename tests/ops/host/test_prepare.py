"""`bitgrid host prepare`: all that an appliance derives from its configuration, made once, and no more."""

from __future__ import annotations

import os
import shutil
import stat
from configparser import RawConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from supervisor.options import ServerOptions  # type: ignore[import-untyped]  # the package has no types

from bitgrid.cli import main
from bitgrid.ops.host import house_programs, places, prepare
from bitgrid.ops.host.house_programs import appliance_programs, layout
from bitgrid.ops.host.places import HostPlaces
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
    assert not any(path.read_text().strip().partition(":")[2] in told for path in files)


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
        "mirror_key.pub": (ME, 0o644),
    }
    assert "program:mirror" in conf.read_text()
    assert run(root, "prepare") == []


def test_the_file_has_no_two_sections_of_a_name(root: Path) -> None:
    run(root, "prepare")
    parser = RawConfigParser(strict=True, inline_comment_prefixes=(" ;",))
    parser.read_string(layout(HostPlaces(root)).supervisor_conf.read_text())
    assert parser["unix_http_server"]["chmod"] == "0770"
    assert parser["supervisord"]["user"] == "root"
