"""What is asked of the rules, and what becomes of it."""

from __future__ import annotations

import pytest

from bitgrid.bus import AutonomyRequest, ConfirmRequest, ExportRequest, ReloadRequest
from bitgrid.bus.memory import MemoryBus
from bitgrid.clock import HeldClock
from bitgrid.config import Config
from bitgrid.web import Asker
from web.talk import Talk


@pytest.fixture
def asker(config: Config, bus: MemoryBus, clock: HeldClock) -> Asker:
    return Asker(config.site.site, bus, clock)


def test_how_much_the_rules_may_do_is_asked_for(asker: Asker, talk: Talk) -> None:
    talk.answer(code="AUTONOMY")
    assert asker.autonomy(1, "anna").status == "accepted"
    (request,) = talk.asked
    assert isinstance(request, AutonomyRequest)
    assert (request.autonomy, request.actor) == (1, "anna")


def test_a_yes_names_the_load_and_the_level_it_is_for(asker: Asker, talk: Talk) -> None:
    talk.answer(accepted=False, code="R2_HARD_RESERVE")
    outcome = asker.confirm("miner", "eco", "anna")
    assert outcome.status == "refused"
    assert outcome.reply is not None
    assert outcome.reply.code == "R2_HARD_RESERVE"
    (request,) = talk.asked
    assert isinstance(request, ConfirmRequest)
    assert (request.load, request.level, request.actor) == ("miner", "eco", "anna")


def test_the_configuration_is_asked_to_be_read_anew(asker: Asker, talk: Talk) -> None:
    talk.answer(code="RELOADED")
    assert asker.reload("anna").status == "accepted"
    (request,) = talk.asked
    assert isinstance(request, ReloadRequest)
    assert request.actor == "anna"


def test_every_bundle_has_a_name_of_its_own(asker: Asker, talk: Talk) -> None:
    talk.answer(code="RECORDED")
    for _ in range(2):
        assert asker.export(("decisions", "events"), 600, 1200, "anna").status == "accepted"
    first, second = talk.asked
    assert isinstance(first, ExportRequest)
    assert isinstance(second, ExportRequest)
    assert (first.kinds, first.from_s, first.to_s, first.actor) == (["decisions", "events"], 600, 1200, "anna")
    assert first.bundle_id != second.bundle_id


def test_nothing_is_asked_while_the_broker_is_away(asker: Asker, talk: Talk, bus: MemoryBus) -> None:
    talk.answer()
    bus.is_connected = False
    outcomes = [
        asker.autonomy(3, "anna"),
        asker.confirm("miner", "eco", "anna"),
        asker.reload("anna"),
        asker.export(("decisions",), 0, 600, "anna"),
    ]
    assert {outcome.status for outcome in outcomes} == {"not_sent"}
    assert talk.asked == []
