"""`bitgrid research`, `replay` and `simulate` of a bundle: as typed, and on a machine with the package alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

import bitgrid
from bitgrid.bus import CommandReply, ExportRequest, Received, Topics, decode
from bitgrid.bus.client import MqttBus
from bitgrid.bus.memory import MemoryBus
from bitgrid.cli import main
from bitgrid.clock import HeldClock
from bitgrid.config import load_config
from bitgrid.ops.commands.period import period
from bitgrid.ops.errors import Refusal
from bitgrid.ops.export_call import ExportCall
from bitgrid.research.signing import FILE, own_key
from bitgrid.store import EventRow, Ledger
from broker import Broker, eventually
from research.homes import lived

Answering = Callable[..., list[ExportRequest]]
TOPICS = Topics("home")
ASKED = ExportRequest(
    request_id="one", bundle_id="ab" * 16, kinds=["decisions"], from_s=0, to_s=1, actor="cli (test)"
)
BLOCKS = 60
DAY = ("--from", "2025-05-14", "--to", "2025-05-15")


def bitgrid_(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


# -- the call -------------------------------------------------------------------------------------------------


def answering(bus: MemoryBus, *answers: tuple[bool, str]) -> list[ExportRequest]:
    """Plays the rules: answers each request in turn; the requests it heard."""
    heard: list[ExportRequest] = []

    def answer(received: Received) -> None:
        request = decode(ExportRequest, received.payload)
        assert request is not None
        accepted, code = answers[len(heard)]
        heard.append(request)
        reply = CommandReply(request_id=request.request_id, accepted=accepted, code=code, text=f"said {code}")
        bus.publish(TOPICS.reply, reply)

    bus.subscribe(TOPICS.export, answer)
    return heard


def test_what_the_rules_recorded_is_granted_after_one_request() -> None:
    bus = MemoryBus()
    heard = answering(bus, (True, "RECORDED"))
    ExportCall(ASKED, bus, TOPICS, HeldClock()).wait(5)
    assert [request.bundle_id for request in heard] == ["ab" * 16]


def test_a_refusal_is_told_in_the_rules_words() -> None:
    bus = MemoryBus()
    answering(bus, (False, "RESEARCH_OFF"))
    with pytest.raises(Refusal, match="nothing was handed out: said RESEARCH_OFF"):
        ExportCall(ASKED, bus, TOPICS, HeldClock()).wait(5)


def test_patience_is_asked_for_and_had() -> None:
    bus = MemoryBus()
    heard = answering(bus, (False, "NOT_RECORDED_YET"), (True, "RECORDED"))
    ExportCall(ASKED, bus, TOPICS, HeldClock()).wait(5)
    assert len({request.request_id for request in heard}) == 2


def test_silence_is_a_refusal_within_the_bound() -> None:
    clock = HeldClock()
    with pytest.raises(Refusal, match="the rules did not answer"):
        ExportCall(ASKED, MemoryBus(), TOPICS, clock).wait(5)
    assert clock.boot() == pytest.approx(1005.0, abs=0.3)


# -- the commands ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("broker"))
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Path:
    """A directory with configuration and data of a house that lets bundles be made."""
    place = tmp_path_factory.mktemp("house")
    config = Path(shutil.copytree(Path(bitgrid.__file__).parents[2] / "config", place / "config"))
    change(config / "flags.yaml", "r4_enabled: true", "r4_enabled: true\nresearch: true")
    change(config / "site.yaml", "port: 18830", f"port: {broker.port}")
    loaded = load_config(config)
    home = lived(place / "data" / "archive", loaded, BLOCKS).write()
    home.into_ledger(place / "data" / "ledger")
    return place


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITGRID_SECRETS_DIR", str(tmp_path / "secrets"))
    return tmp_path / "secrets"


@pytest.fixture
def rules(house: Path, broker: Broker) -> Iterator[Answering]:
    """Plays the rules on the real broker."""
    topics = Topics(load_config(house / "config").site.site)
    bus, heard = MqttBus("rules", "127.0.0.1", broker.port), []

    def answer_with(code: str, *, accepted: bool = True) -> list[ExportRequest]:
        def answer(received: Received) -> None:
            request = decode(ExportRequest, received.payload)
            if request is not None:
                heard.append(request)
                reply = CommandReply(request_id=request.request_id, accepted=accepted, code=code, text=code)
                bus.publish(topics.reply, reply)

        bus.subscribe(topics.export, answer)
        return heard

    bus.start()
    eventually(lambda: bus.is_connected, "the rules are connected")
    yield answer_with
    bus.stop()


def exported(house: Path, out: Path, *more: str) -> tuple[int, str]:
    where = ("--config", house / "config", "--data", house / "data")
    return bitgrid_("research", "export", *DAY, "--out", out, *where, *more)


@pytest.fixture
def bundle(house: Path, secrets: Path, rules: Answering, tmp_path: Path) -> Path:
    rules("RECORDED")
    code, text = exported(house, tmp_path / "home.zip")
    assert code == 0, text
    assert secrets.is_dir()
    return tmp_path / "home.zip"


def test_an_export_is_asked_for_made_and_told(
    house: Path, secrets: Path, rules: Answering, tmp_path: Path
) -> None:
    heard = rules("RECORDED")
    code, text = exported(house, tmp_path / "home.zip", "--kinds", "decisions, states")
    assert code == 0, text
    (request,) = heard
    assert (request.kinds, request.actor[:5]) == (["decisions", "states"], "cli (")
    assert f"decisions: {BLOCKS - 1} rows" in text
    assert (secrets / FILE).is_file()
    assert request.bundle_id in bitgrid_("research", "verify", tmp_path / "home.zip")[1]


def test_what_a_page_had_recorded_is_made_without_asking_again(house: Path, secrets: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(house, tmp_path / "own"))
    assert secrets.parent.is_dir()
    code, text = exported(own, tmp_path / "home.zip", "--kinds", "decisions", "--recorded", "ab" * 16)
    assert (code, "the ledger holds no request" in text.replace("\n", " ")) == (1, True)
    zone = ZoneInfo(load_config(own / "config").site.location.timezone)
    from_s, to_s = period(DAY[1], DAY[3], zone)
    record = {"what": "research_export", "bundle_id": "ab" * 16, "kinds": ["decisions"], "from_s": from_s}
    ledger = Ledger(own / "data" / "ledger")
    ledger.append_event(EventRow(to_s, "audit", json.dumps(record | {"to_s": to_s + 1, "actor": "anna"})))
    assert exported(own, tmp_path / "home.zip", "--kinds", "decisions", "--recorded", "ab" * 16)[0] == 1
    ledger.append_event(EventRow(to_s, "audit", json.dumps(record | {"to_s": to_s, "actor": "anna"})))
    ledger.close()
    code, text = exported(own, tmp_path / "home.zip", "--kinds", "decisions", "--recorded", "ab" * 16)
    assert code == 0, text
    assert "progress 1/" in text
    assert "ab" * 16 in bitgrid_("research", "verify", tmp_path / "home.zip")[1]
    assert exported(own, tmp_path / "x.zip", "--kinds", "states", "--recorded", "ab" * 16)[0] == 1


def test_what_the_rules_refuse_is_not_made(house: Path, secrets: Path, rules: Answering, tmp_path: Path) -> None:
    rules("RESEARCH_OFF", accepted=False)
    code, text = exported(house, tmp_path / "home.zip")
    assert (code, "nothing was handed out: RESEARCH_OFF" in text) == (1, True)
    assert not list(tmp_path.glob("*home.zip*"))
    assert secrets.is_dir()


def test_without_rules_that_record_it_nothing_is_made(
    house: Path, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitgrid.ops.commands.research.ANSWER_S", 0.5)
    code, text = exported(house, tmp_path / "home.zip")
    assert (code, "not recorded in the ledger is" in text.replace("\n", " ")) == (1, True)
    assert not list(tmp_path.glob("*home.zip*"))
    assert secrets.is_dir()


def test_while_research_is_off_nobody_is_asked(house: Path, secrets: Path, tmp_path: Path) -> None:
    config = Path(shutil.copytree(house / "config", tmp_path / "config"))
    change(config / "flags.yaml", "research: true", "research: false")
    code, text = bitgrid_(
        "research", "export", *DAY, "--out", tmp_path / "x.zip", "--config", config, "--data", house / "data"
    )
    assert code == 1
    assert "research is switched off" in text
    assert not secrets.exists(), "no key is made for nothing"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--kinds", "everything"], "there is no kind everything"),
        (["--kinds", ","], "there is no kind"),
        (["--from", "1999-01-01"], "3660 days at most"),
        (["--from", "2030-01-01", "--to", "2030-01-02"], "nothing is archived"),
    ],
)
def test_what_cannot_be_exported_is_told(
    house: Path, secrets: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    code, text = exported(house, tmp_path / "x.zip", *more)
    assert code == 1
    assert says in text
    assert secrets.parent == tmp_path


def test_a_bundle_is_verified_by_the_house_that_made_it_and_by_a_stranger(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "this house's own key" in bitgrid_("research", "verify", bundle)[1]
    public = bitgrid_("research", "key")[1].splitlines()[0]
    monkeypatch.setenv("BITGRID_SECRETS_DIR", str(tmp_path / "elsewhere"))
    code, text = bitgrid_("research", "verify", bundle)
    assert code == 0
    assert "The key is not known here" in text
    assert public in text
    assert "the key that was named" in bitgrid_("research", "verify", bundle, "--key", public)[1]
    other = own_key(tmp_path / "thief").public.text
    code, text = bitgrid_("research", "verify", bundle, "--key", other)
    assert code == 1
    assert "Do not believe it" in text


@pytest.mark.parametrize("command", [["research", "verify"], ["replay"], ["simulate"]])
def test_a_changed_bundle_is_neither_verified_nor_used(bundle: Path, command: list[str]) -> None:
    changed = bytearray(bundle.read_bytes())
    changed[len(changed) // 2] ^= 1
    bundle.write_bytes(changed)
    code, text = bitgrid_(*command, bundle)
    assert code == 1
    assert "is no bundle to be believed" in text


def test_a_bundle_and_a_house_are_not_both_replayed(bundle: Path, house: Path) -> None:
    assert "not both" in bitgrid_("replay", bundle, "--data", house / "data")[1]
    assert "leave --config and --prices out" in bitgrid_("simulate", bundle, "--config", house / "config")[1]


def test_other_rules_are_put_beside_those_of_the_bundle(bundle: Path, tmp_path: Path) -> None:
    rules = tmp_path / "strict.yaml"
    rules.write_text("schema: 1\nr5: {max_starts_per_day: 1}\n")
    code, text = bitgrid_("simulate", bundle, "--rules", rules)
    assert code == 0, text
    assert "in force  strict.yaml" in text


def test_with_the_package_alone_a_bundle_is_verified_replayed_and_simulated(bundle: Path, tmp_path: Path) -> None:
    node = tmp_path / "node"
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(bitgrid.__file__).parent, node / "package" / "bitgrid", ignore=skip)
    shutil.move(bundle, node / "home.zip")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("BITGRID_")}
    environment = {**bare, "PYTHONPATH": str(node / "package"), "HOME": str(node), "PYTHONDONTWRITEBYTECODE": "1"}
    said = {}
    for command in (["research", "verify"], ["replay"], ["simulate"]):
        done = subprocess.run(
            [sys.executable, "-m", "bitgrid", *command, "home.zip"],
            cwd=node, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said[command[-1]] = done.stdout
    assert "every byte is as it was signed" in said["verify"]
    assert f"{BLOCKS - 1} decisions replayed: every one derived again to the same bytes." in said["replay"]
    assert "days simulated" in said["simulate"]
    assert sorted(path.name for path in node.iterdir()) == ["home.zip", "package"], "nothing was written"
