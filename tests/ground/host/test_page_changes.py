"""What the page changes on the host: the rules write it, the firewall follows, and a playbook leaves it alone."""

from __future__ import annotations

import json

import pytest

from broker import eventually
from ground.host.appliance import SECOND_METER4, TABLET4, Appliance, changes
from ground.host.tablet import Tablet
from ground.networks import Target

pytestmark = pytest.mark.system
FLAGS = "/etc/bitgrid/flags.yaml"
SITE = "/etc/bitgrid/site.yaml"
AS_RULES = ("runuser", "--user=bitgrid-core", "--")
"""Not even root opens another's file for writing in a directory with the sticky bit (fs.protected_regular)."""
SEARCHED = Target(TABLET4, 1502)
"""No device of the house; the search for devices knocks there."""


def owner_and_mode(appliance: Appliance, path: str) -> str:
    return appliance.run("stat", "--format=%U:%G %a", path).strip()


def elements(appliance: Appliance, name: str) -> list[object]:
    told = json.loads(appliance.run("nft", "--json", "list", "set", "inet", "bitgrid", name))
    found: list[object] = next(entry["set"] for entry in told["nftables"] if "set" in entry).get("elem", [])
    return found


def test_the_rules_own_the_four_files_and_root_the_rest(appliance: Appliance) -> None:
    assert owner_and_mode(appliance, "/etc/bitgrid") == "root:bitgrid-core 1775"
    for name in ("site", "bitgrid_rules", "flags", "policies"):
        assert owner_and_mode(appliance, f"/etc/bitgrid/{name}.yaml") == "bitgrid-core:bitgrid-core 644"
    said = appliance.run(*AS_RULES, "mv", "/etc/bitgrid/tls", "/etc/bitgrid/mine", may_fail=True)
    assert (said, owner_and_mode(appliance, "/etc/bitgrid/tls")[:5]) == ("", "root:")


def test_a_switch_on_the_page_is_written_and_a_playbook_leaves_it(appliance: Appliance, tablet: Tablet) -> None:
    assert "research: true" not in appliance.run("cat", FLAGS)
    look = {"path": "/system"}
    switch = {"method": "POST", "path": "/system/export/research", "form": {"on": "yes"}}
    page, answer = tablet.ask(look, switch)
    assert (page["status"], answer["status"]) == (200, 303), answer["text"]
    eventually(lambda: "research: true" in appliance.run("cat", FLAGS), "the rules wrote it", 15)
    assert owner_and_mode(appliance, FLAGS) == "bitgrid-core:bitgrid-core 644"
    appliance.play("playbooks/app.yml", "--tags=app")
    assert "research: true" in appliance.run("cat", FLAGS), "the inventory names no flags.yaml"
    assert changes(appliance.play("playbooks/app.yml", "--tags=app")) == 0


def test_the_search_reaches_the_home_in_the_first_run_and_not_afterwards(appliance: Appliance) -> None:
    before = appliance.run("cat", FLAGS)

    def is_reached() -> bool:
        return appliance.reaches([SEARCHED], "bitgrid-io") == [True]

    with appliance.home.listening([("tcp", TABLET4, SEARCHED.port)]):
        assert not is_reached()
        try:
            appliance.run(*AS_RULES, "tee", FLAGS, text=before + "first_run: true\n")
            eventually(is_reached, "the search is let into the home", 30)
            assert appliance.reaches([SEARCHED], "bitgrid-feeds") == [False], "nobody else is"
        finally:
            appliance.run(*AS_RULES, "tee", FLAGS, text=before)
        eventually(lambda: not is_reached(), "and is shut out again", 30)


def test_the_firewall_and_the_broker_follow_a_site_that_the_page_wrote(appliance: Appliance) -> None:
    """Another place of a device, as the page would write it: within the home, and for bitgrid-io alone."""
    before = appliance.run("cat", SITE)
    place = Target(TABLET4, 1503)  # what is sent to a device's own address comes to the simulated house
    moved = before.replace(f"host: {SECOND_METER4}\n  port: 502", f"host: {TABLET4}\n  port: 1503")
    assert moved != before
    with appliance.home.listening([("tcp", place.address, place.port)]):
        assert appliance.reaches([place], "bitgrid-io") == [False]
        try:
            appliance.run(*AS_RULES, "tee", SITE, text=moved)
            eventually(lambda: appliance.reaches([place], "bitgrid-io") == [True], "the firewall follows", 30)
            assert appliance.reaches([place], "bitgrid-core") == [False]
        finally:
            appliance.run(*AS_RULES, "tee", SITE, text=before)
        eventually(lambda: appliance.reaches([place], "bitgrid-io") == [False], "and back", 30)
    assert elements(appliance, "looked_for") == []
