"""Several houses beside each other on one machine: locks, ports, directories."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bitgrid.config import Site, load_config
from bitgrid.config.loading import load_file
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import Card, Instance, running
from bitgrid.ops.instance import claim as claim_instance
from bitgrid.ops.ports import own_endpoints, taken, write_shifted
from bitgrid.ops.run_dir import MAX_RUN_PATH_BYTES, make_run_dir
from bitgrid.ops.staging import Sources, write

Claim = Callable[[Path, Site], Instance]


@pytest.fixture
def claim() -> Iterator[Claim]:
    """Claims instances, and lets go of them when the test is over."""
    with ExitStack() as locks:

        def one(var: Path, site: Site) -> Instance:
            instance = claim_instance(var, site)
            locks.enter_context(instance.lock)
            return instance

        yield one


def with_web_port(site: Site, port: int) -> Site:
    return site.model_copy(update={"web": site.web.model_copy(update={"port": port})})


def make_real(site_file: Path) -> Site:
    site_file.write_text(site_file.read_text().replace("host: 127.0.0.1\n    port: 15020", "host: 192.0.2.7"))
    return load_file(site_file, Site)


@pytest.fixture
def quiet_site(site: Site) -> Site:
    """The site on ports nobody uses, so that a house running on this machine disturbs no test."""
    devices = [
        device.model_copy(update={"host": "127.0.0.77", "port": 25020 + i})
        for i, device in enumerate(site.devices)
    ]
    load = site.loads[0]
    assert load.relay
    load = load.model_copy(
        update={
            "miner": load.miner.model_copy(update={"host": "127.0.0.77"}),
            "relay": load.relay.model_copy(update={"host": "127.0.0.77"}),
        }
    )
    return site.model_copy(
        update={
            "devices": devices,
            "loads": [load],
            "web": site.web.model_copy(update={"host": "127.0.0.77"}),
            "broker": site.broker.model_copy(update={"host": "127.0.0.77"}),
        }
    )


def test_the_first_house_has_the_ports_of_its_file(claim: Claim, tmp_path: Path, quiet_site: Site) -> None:
    instance = claim(tmp_path, quiet_site)
    assert (instance.shift, instance.layout.home) == (0, tmp_path / "0")
    assert (tmp_path / "0" / "lock").read_text() == f"{os.getpid()}\n"


def test_a_second_house_beside_it_gets_ports_a_hundred_further_on(
    claim: Claim, tmp_path: Path, quiet_site: Site
) -> None:
    first = claim(tmp_path, quiet_site)
    second = claim(tmp_path, quiet_site)
    assert (second.shift, second.layout.home) == (100, tmp_path / "1")
    first.lock.close()
    assert claim(tmp_path, quiet_site).shift == 0, "the first one's place is free again"


def test_a_port_in_use_by_another_program_moves_the_house(
    claim: Claim, tmp_path: Path, quiet_site: Site, listener: socket.socket
) -> None:
    web = quiet_site.web.model_copy(update={"host": "127.0.0.1", "port": listener.getsockname()[1]})
    assert claim(tmp_path, quiet_site.model_copy(update={"web": web})).shift == 100


def test_when_no_ports_are_free_the_refusal_names_them(claim: Claim, tmp_path: Path, quiet_site: Site) -> None:
    with pytest.raises(Refusal, match=r"nothing was started.*\n.*0: in use by another program: 192\.0\.2\.1:8080"):
        claim(
            tmp_path,
            quiet_site.model_copy(update={"web": quiet_site.web.model_copy(update={"host": "192.0.2.1"})}),
        )


def test_a_house_whose_ports_would_pass_the_last_one_is_refused(
    claim: Claim, tmp_path: Path, quiet_site: Site
) -> None:
    site = with_web_port(quiet_site, 65_500)
    claim(tmp_path, site)
    with pytest.raises(Refusal, match=r"127\.0\.0\.77:65600"):
        claim(tmp_path, site)


def test_real_devices_bear_one_controller_only(claim: Claim, tmp_path: Path, config_dir: Path) -> None:
    site = make_real(config_dir / "site.yaml")
    first = claim(tmp_path, site)
    assert first.layout.home == tmp_path / "site-home"
    with pytest.raises(Refusal, match=rf"running already \(process {os.getpid()}\).*one controller only"):
        claim(tmp_path, site)
    first.lock.close()
    again = claim(tmp_path, site)
    assert again.layout.home == first.layout.home, "its data are found again"


def test_ports_of_real_devices_are_not_ours_to_open(config_dir: Path) -> None:
    site = make_real(config_dir / "site.yaml")
    paths = [endpoint.path for endpoint in own_endpoints(site)]
    assert ("devices", 0) not in paths
    assert ("devices", 1) in paths
    assert ("web",) in paths


def test_every_port_of_the_shipped_site_is_known(site: Site) -> None:
    assert sorted(endpoint.port for endpoint in own_endpoints(site)) == [
        8080, 14028, 15020, 15021, 15022, 18081, 18830,
    ]  # fmt: skip


def test_a_port_that_somebody_listens_on_is_taken(site: Site, listener: socket.socket) -> None:
    site = with_web_port(site, listener.getsockname()[1])
    assert [endpoint.path for endpoint in taken(own_endpoints(site))].count(("web",)) == 1


def test_a_shifted_site_keeps_its_comments_and_everything_else(
    site: Site, config_dir: Path, tmp_path: Path
) -> None:
    original, moved = config_dir / "site.yaml", tmp_path / "moved.yaml"
    write_shifted(original, moved, own_endpoints(site), 200)
    assert "# The house: what is measured in it" in moved.read_text()
    shifted = load_file(moved, Site)
    assert {endpoint.port for endpoint in own_endpoints(shifted)} == {
        endpoint.port + 200 for endpoint in own_endpoints(site)
    }
    assert [device.id for device in shifted.devices] == [device.id for device in site.devices]
    assert shifted.tariff == site.tariff


def test_a_port_left_to_its_default_is_written_out_when_it_moves(config_dir: Path, tmp_path: Path) -> None:
    original = config_dir / "site.yaml"
    lines = original.read_text().splitlines(keepends=True)
    original.write_text("".join(line for line in lines if not line.startswith(("web:", "broker:"))))
    site = load_file(original, Site)
    write_shifted(original, tmp_path / "moved.yaml", own_endpoints(site), 100)
    moved = load_file(tmp_path / "moved.yaml", Site)
    assert (moved.web.port, moved.broker.port) == (8180, 1983)


def test_the_instance_uses_the_shipped_files_unchanged_where_it_can(
    claim: Claim, tmp_path: Path, config_dir: Path, quiet_site: Site
) -> None:
    first, second = claim(tmp_path / "var", quiet_site), claim(tmp_path / "var", quiet_site)
    write(Sources(config_dir), first, simulated=True)
    write(Sources(config_dir), second, simulated=True)
    shipped = (config_dir / "site.yaml").read_bytes()
    assert (first.layout.config / "site.yaml").read_bytes() == shipped
    assert load_config(second.layout.config).site.web.port == load_config(config_dir).site.web.port + 100
    assert (second.layout.config / "plant.yaml").is_file()


def test_a_card_counts_only_while_its_house_lives(claim: Claim, tmp_path: Path, quiet_site: Site) -> None:
    instance = claim(tmp_path, quiet_site)
    card = Card(
        pid=1, url="http://x/", speed=60, config="c", data="d", run="r", log="l", clock="", is_simulated=True
    )
    instance.layout.card.write_text(card.model_dump_json())
    assert list(running(tmp_path)) == [card]
    instance.lock.close()
    assert list(running(tmp_path)) == []


def test_a_spoilt_card_is_passed_over(claim: Claim, tmp_path: Path, quiet_site: Site) -> None:
    instance = claim(tmp_path, quiet_site)
    instance.layout.card.write_text("{")
    assert list(running(tmp_path)) == []


def test_nothing_runs_where_there_is_nothing(tmp_path: Path) -> None:
    assert list(running(tmp_path / "nowhere")) == []


def test_sockets_go_to_a_short_private_directory_when_the_path_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("deep" * 20)
    run = make_run_dir(deep)
    assert run.parent == tmp_path
    assert run.stat().st_mode & 0o777 == 0o700
    assert make_run_dir(deep) == run
    assert make_run_dir(tmp_path / ("deeper" * 15)) != run
    assert (
        len(os.fsencode(tmp_path / "0" / "run")) > MAX_RUN_PATH_BYTES or make_run_dir(tmp_path / "0").name == "run"
    )


def test_a_short_directory_that_others_can_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("deep" * 20)
    make_run_dir(deep).chmod(0o755)
    with pytest.raises(Refusal, match="not a private directory"):
        make_run_dir(deep)
