"""A bundle that Home Assistant asked for: recorded first, then made by the same child as the page's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.bus import CommandReply, ExportRequest, Received, decode
from bitgrid.ha.bundles import HouseBundles
from bitgrid.web import Asker, Places, create_app
from bitgrid.web.app import Web
from bitgrid.web.jobs import Jobs
from bitgrid.web.problems import Refusal
from ha.house import BridgedHouse, with_home_assistant
from web.test_jobs import Children, over

BUNDLE = "0123456789abcdef0123456789abcdef"


class Asked:
    """A house whose rules answer requests for a bundle as a test wants."""

    def __init__(self, directory: Path, *, accepted: bool) -> None:
        house = BridgedHouse(with_home_assistant(research=True))
        self.requests: list[ExportRequest] = []
        self.children = Children("print('made')")
        places = Places(directory, directory / "config")
        asker = Asker(house.config.site.site, house.inside, house.clock)
        app = create_app(house.config, house.view, asker, house.clock, keys=directory, places=places)
        self.web: Web = app.extensions["bitgrid"]
        self.web.jobs = Jobs(house.clock, self.children)
        self.bundles = HouseBundles(self.web, house.phrases.words)

        def answer(received: Received) -> None:
            request = decode(ExportRequest, received.payload)
            assert request is not None
            self.requests.append(request)
            code, text = ("RECORDED", BUNDLE) if accepted else ("RESEARCH_OFF", "research is switched off")
            reply = CommandReply(request_id=request.request_id, accepted=accepted, code=code, text=text)
            house.inside.publish(house.topics.reply, reply)

        house.inside.subscribe(house.topics.export, answer)


def test_the_last_whole_days_are_recorded_and_then_made(tmp_path: Path) -> None:
    asked = Asked(tmp_path, accepted=True)
    asked.bundles.begin(7, "home_assistant")
    (request,) = asked.requests
    assert request.actor == "home_assistant"
    assert (request.from_s, request.to_s) == (1_749_420_000, 1_750_024_800)  # 9 June to 16 June, 00:00 in Berlin
    job = asked.web.jobs.newest("export")
    assert job is not None
    over(asked.web.jobs, job)
    command = " ".join(asked.children.commands[0])
    assert "--from 2025-06-09 --to 2025-06-16" in command
    assert f"--recorded {BUNDLE}" in command
    assert str(tmp_path / "exports" / "bitgrid-2025-06-09-2025-06-15-01234567.zip") in command


def test_what_the_rules_do_not_record_is_not_made(tmp_path: Path) -> None:
    asked = Asked(tmp_path, accepted=False)
    with pytest.raises(Refusal) as refusal:
        asked.bundles.begin(7, "home_assistant")
    assert refusal.value.code == "export_refused"
    assert asked.children.commands == []
