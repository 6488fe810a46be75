"""Whether a house that was just started is well, and is the release that was meant."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.config.network import Gateway
from bitgrid.ops.host import health
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.health import (
    MUST_LIVE,
    MUST_LIVE_AT_EDGE,
    STEADY_S,
    look_at,
    look_closely_at,
    not_in_hand,
    not_in_network,
    not_let_in,
    not_running,
    not_shown,
    still_missing,
    wait_until_steady,
    wait_until_well,
)
from bitgrid.ops.host.places import HostPlaces, Part
from bitgrid.ops.readiness import Answer
from bitgrid.ops.supervisor_client import ProgramInfo, SupervisorAway
from bitgrid.web.api.decided import DecisionAnswer, DecisionsAnswer
from bitgrid.web.api.models import LoadNow, StateAnswer

NAMES = ("guard", "loads", "poller", "recorder", "rules", "feeds", "web", "explain")


def told(release: str = "1.1", status: int = 200, **changed: str) -> Callable[[], Answer]:
    parts = {name: {"status": changed.get(name, "ok"), "reason": "why"} for name in NAMES}
    return lambda: Answer(status, {"release": release, "components": parts})


def test_a_house_that_is_well_misses_nothing() -> None:
    assert still_missing(told(), "1.1") is None
    assert still_missing(told(), None) is None


def test_the_release_before_that_still_answers_is_not_the_new_one() -> None:
    assert still_missing(told("1.0"), "1.1") == "the release that runs is 1.0, not 1.1"


@pytest.mark.parametrize("name", ["guard", "loads", "poller", "recorder", "rules"])
def test_whoever_is_silent_is_missed(name: str) -> None:
    assert still_missing(told(**{name: "silent"}), None) == f"{name} has not been heard"


def test_who_failed_is_told_before_who_is_silent_for_it() -> None:
    """Rules that cannot open their ledger say why, and do not say that they hear the guard."""
    assert still_missing(told(guard="silent", rules="error"), None) == "rules: why"


def test_an_edge_is_well_before_its_gateway_is_there() -> None:
    alone = told(guard="silent", loads="silent", poller="silent")
    assert still_missing(alone, None) == "guard has not been heard"
    assert still_missing(alone, None, MUST_LIVE_AT_EDGE) is None
    assert still_missing(told(recorder="silent"), None, MUST_LIVE_AT_EDGE) == "recorder has not been heard"


def test_a_device_that_does_not_answer_is_no_fault_of_a_release() -> None:
    assert still_missing(told(poller="warn", loads="warn", feeds="silent"), None) is None


@pytest.mark.parametrize("name", MUST_LIVE)
def test_a_process_that_failed_is(name: str) -> None:
    """Rules that cannot record, a guard that is not heard, a last will: none of it starts a load."""
    assert still_missing(told(**{name: "error"}), None) == f"{name}: why"


def test_of_an_edge_it_is_only_what_is_on_it() -> None:
    failed = told(guard="error", loads="error", poller="error", explain="error")
    assert still_missing(failed, None, MUST_LIVE_AT_EDGE) is None


@pytest.mark.parametrize("body", [{}, {"components": 1}, {"components": {"guard": 1}}])
def test_what_is_no_answer_is_none(body: dict[str, object]) -> None:
    assert still_missing(lambda: Answer(200, body), None) is not None
    assert still_missing(told(status=500), None) == "the page answers 500"


def test_it_is_asked_until_it_is_well_or_the_time_is_over() -> None:
    clock, asked = HeldClock(), []

    def later() -> Answer:
        asked.append(clock.boot())
        if len(asked) < 4:
            raise ConnectionRefusedError("not yet")
        return told()()

    assert wait_until_well(partial(still_missing, later, "1.1"), clock, 10.0) is None
    assert len(asked) == 4
    other = partial(still_missing, told("1.0"), "1.1")
    assert "release that runs is 1.0" in (wait_until_well(other, clock, 10.0) or "")


class TestStaying:
    """One good look is luck: a house that crashes again and again has them, too."""

    @staticmethod
    def wait(is_well: Callable[[float], bool], within_s: float = 780.0) -> tuple[str | None, float]:
        """What is missing in the end, and after how many seconds; ``is_well`` says so of each."""
        clock = HeldClock()
        began_s = clock.boot()

        def missing() -> str | None:
            return None if is_well(clock.boot() - began_s) else "guard has not been heard"

        return wait_until_steady(missing, clock, within_s), clock.boot() - began_s

    def test_one_that_is_well_from_the_beginning_is_kept_after_a_while_only(self) -> None:
        assert self.wait(lambda _: True) == (None, STEADY_S)

    @pytest.mark.parametrize("well_at_s", [270, 450, 640, 780])
    def test_one_that_takes_its_time_is_kept_though_it_be_well_at_the_last_moment(self, well_at_s: int) -> None:
        assert self.wait(lambda now_s: now_s >= well_at_s) == (None, well_at_s + STEADY_S)

    @pytest.mark.parametrize("every_s", [2, 15, 40, 60, 90])
    def test_one_that_crashes_again_and_again_is_not(self, every_s: int) -> None:
        missing, after_s = self.wait(lambda now_s: now_s % every_s > 0)
        assert missing == "it was well, and did not stay so: guard has not been heard"
        assert after_s <= 780 + STEADY_S

    def test_a_first_crash_is_forgiven(self) -> None:
        assert self.wait(lambda now_s: now_s != 40) == (None, 41 + STEADY_S)

    def test_but_not_when_the_time_is_over(self) -> None:
        missing, after_s = self.wait(lambda now_s: 700 < now_s < 785)
        assert (missing, after_s) == ("it was well, and did not stay so: guard has not been heard", 785)

    def test_one_that_never_was_well_is_left_when_the_time_is_over(self) -> None:
        assert self.wait(lambda _: False, 90.0) == ("guard has not been heard", 90.0)


class TestLoads:
    """Each is known to be off, or decided on by the house that was just started."""

    @staticmethod
    def missing(load: object, *decided_at_s: float, status: int = 200) -> str | None:
        """Where the computer was started at 1000, and it is 1300 now."""
        decisions = [{"load": "miner", "at_s": at_s} for at_s in decided_at_s]
        answers = Answer(status, {"loads": {"miner": load}}), Answer(200, {"decisions": decisions})
        return not_in_hand(lambda: answers[0], lambda: answers[1], HeldClock(1300.0, 300.0))

    def test_the_page_tells_what_is_asked(self) -> None:
        assert {"is_live", "confirmed_off"} <= set(LoadNow.model_fields)
        assert {"load", "at_s"} <= set(DecisionAnswer.model_fields)
        assert "loads" in StateAnswer.model_fields
        assert "decisions" in DecisionsAnswer.model_fields

    def test_one_that_is_off_is(self) -> None:
        assert self.missing({"is_live": True, "confirmed_off": True}) is None

    def test_one_that_runs_or_does_not_answer_is_where_it_was_decided_on(self) -> None:
        unknown = {"is_live": True, "confirmed_off": False}
        assert self.missing(unknown, 1200.0) is None
        assert self.missing(unknown) == "miner is not known to be off, and nothing was decided on it yet"
        assert self.missing(unknown, 900.0) is not None, "the broker had kept what the system before decided"

    def test_one_that_nobody_speaks_of_is_not(self) -> None:
        assert self.missing(None) == "nothing is known of miner"
        assert self.missing({"is_live": False, "confirmed_off": True}) == "nothing is known of miner"
        assert self.missing({}, status=503) == "the page does not tell how its loads are"


class TestNetwork:
    def test_a_host_that_nobody_can_reach_any_more_is_missed_and_what_to_do_is_said(self) -> None:
        told = not_in_network(tuple) or ""
        assert "no address in its network any more" in told
        assert "If the router was off or a cable out at that hour, start the update again" in told
        assert not_in_network(lambda: ("192.168.1.7",)) is None

    @pytest.mark.parametrize("part", ["edge", "gateway"])
    def test_it_is_asked_of_one_that_was_in_a_network(
        self, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("still_missing", "not_let_in", "not_shown", "not_in_hand", "not_running"):
            monkeypatch.setattr(health, name, lambda *_: None)
        places, clock = HostPlaces(tmp_path), HeldClock()
        places.config.mkdir(parents=True)
        (places.config / "host.env").write_text(f"BITGRID_PART={part}\n")
        site = load_config(Path(__file__).parents[3] / "config").site
        site = site.model_copy(update={"gateway": Gateway.model_construct(name="gateway")})
        assert "no address" in (look_closely_at(site, places, clock, tuple)() or "")
        assert look_closely_at(site, places, clock, lambda: ("192.168.1.7",))() is None
        assert look_closely_at(site, places, clock)() is None


class TestLettingIn:
    @pytest.mark.parametrize(
        ("ill", "meaning"), [("ssh.service", "nobody can log in any more"), ("nftables.service", "lets nobody in")]
    )
    def test_a_way_in_that_failed_is_missed(self, ill: str, meaning: str) -> None:
        told = not_let_in(lambda unit: "failed" if unit == ill else "active") or ""
        assert (meaning in told, f"{ill} is failed" in told) == (True, True)

    def test_where_both_are_up_nothing_is(self) -> None:
        assert not_let_in(lambda _unit: "active") is None

    def test_systemd_is_asked_and_what_it_does_not_know_is_not_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[list[str]] = []

        def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            asked.append(words)
            return subprocess.CompletedProcess(words, 4, "active\n" if words[-1] == "ssh.service" else "", "")

        monkeypatch.setattr(subprocess, "run", run)
        assert "nftables.service is not known to systemd" in (not_let_in() or "")
        assert asked == [["/usr/bin/systemctl", "is-active", unit] for unit in ("ssh.service", "nftables.service")]

    def test_a_systemd_that_does_not_answer_says_that_none_is_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def run(words: list[str], **_: object) -> None:
            raise subprocess.TimeoutExpired(words, 10)

        monkeypatch.setattr(subprocess, "run", run)
        assert "not told by systemd" in (not_let_in() or "")


class TestShowing:
    def test_a_page_that_nobody_can_see_is_missed(self) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            assert "not shown over TLS" in (not_shown(nobody.getsockname()[1]) or "")

    def test_one_behind_a_proxy_is_seen_whatever_its_certificate_says(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path, "house")
        authority.make()
        authority.certify("page", ["house.local"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "page.crt", tmp_path / "page.key")

        def answer() -> None:
            proxy.accept()[0].close()

        plain = socket.create_server(("127.0.0.1", 0))
        with plain, context.wrap_socket(plain, server_side=True) as proxy:
            answering = threading.Thread(target=answer, daemon=True)
            answering.start()
            assert not_shown(proxy.getsockname()[1]) is None
            answering.join(5)


def test_the_part_of_the_house_that_is_on_this_host_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update of a host whose poller is elsewhere is not left for it."""
    monkeypatch.setattr(health, "not_let_in", lambda: None)
    places = HostPlaces(tmp_path)
    places.config.mkdir(parents=True)
    site = load_config(Path(__file__).parents[3] / "config").site
    gateway = Gateway.model_construct(name="gateway")
    assert look_at(site, places, None).args[2] == MUST_LIVE  # type: ignore[attr-defined]
    edge = site.model_copy(update={"gateway": gateway})
    assert look_at(edge, places, None).args[2] == MUST_LIVE_AT_EDGE  # type: ignore[attr-defined]
    (places.config / "host.env").write_text("BITGRID_PART=gateway\n")
    assert look_at(edge, places, None).func is not_running  # type: ignore[attr-defined]
    assert "supervisord" in (look_closely_at(edge, places, HeldClock())() or ""), "it has no page to be shown"


@pytest.mark.parametrize("missing", ["still_missing", "not_let_in", "not_shown", "not_in_hand"])
def test_an_update_is_kept_only_where_house_page_and_loads_are_all_well(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("still_missing", "not_let_in", "not_shown", "not_in_hand"):
        monkeypatch.setattr(health, name, lambda *_, told=name if name == missing else None: told)
    site = load_config(Path(__file__).parents[3] / "config").site
    assert look_closely_at(site, HostPlaces(tmp_path), HeldClock())() == missing


def program(name: str, state: str) -> ProgramInfo:
    return ProgramInfo(name, state, 1, 0, "")


def away() -> list[ProgramInfo]:
    raise SupervisorAway("supervisord: no answer")


def test_a_gateway_is_well_when_all_its_programs_run() -> None:
    assert not_running(lambda: [program("poller", "RUNNING")]) is None
    both = [program("poller", "RUNNING"), program("loads", "BACKOFF")]
    assert not_running(lambda: both) == "not running: loads"
    assert not_running(away) == "supervisord: no answer"


def test_a_host_knows_which_part_it_is(tmp_path: Path) -> None:
    places = HostPlaces(tmp_path)
    assert places.part is Part.EDGE
    places.config.mkdir(parents=True)
    (places.config / "host.env").write_text("BITGRID_ADDRESSES=10.0.0.1\nBITGRID_PART=gateway\n")
    assert places.part is Part.GATEWAY
