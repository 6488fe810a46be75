"""The files that the broker and supervisord read."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

import pytest
from supervisor.options import ServerOptions  # type: ignore[import-untyped]  # the package has no types

from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import Layout
from bitgrid.ops.programs import Program, house_programs, reviver_program, service_program
from bitgrid.ops.supervisor_conf import render_mosquitto, render_supervisor

SETPRIV = "/usr/bin/setpriv"


def sections(text: str) -> RawConfigParser:
    parser = RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read_string(text)
    return parser


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    home = tmp_path / "a house; it's"
    home.mkdir()
    return Layout(home, home / "run")


def test_every_program_ends_with_supervisord(layout: Layout) -> None:
    programs = [service_program("poller", 30), reviver_program()]
    conf = sections(render_supervisor(programs, layout, SETPRIV))
    for section in ("program:poller", "eventlistener:reviver"):
        assert conf[section]["command"].startswith("/usr/bin/setpriv --pdeathsig TERM ")


def test_supervisord_itself_understands_the_file(layout: Layout) -> None:
    layout.log.mkdir()
    layout.run.mkdir()
    programs = [Program("odd", 5, ("/bin/echo", "100", "a b", "it's")), reviver_program()]
    layout.supervisor_conf.write_text(render_supervisor(programs, layout, SETPRIV))
    options = ServerOptions()
    options.realize(["-c", str(layout.supervisor_conf)], doc="")
    odd = {group.name: group for group in options.process_group_configs}["odd"].process_configs[0]
    assert odd.command == f"{SETPRIV} --pdeathsig TERM /bin/echo 100 'a b' 'it'\"'\"'s'"
    assert odd.autorestart
    assert options.logfile == str(layout.log / "supervisord.log")


@pytest.mark.parametrize("path", ["/home/a ;b/python", "/home/100%/python"])
def test_a_path_that_would_mean_something_else_is_refused(layout: Layout, path: str) -> None:
    with pytest.raises(Refusal, match="Move the checkout"):
        render_supervisor([Program("odd", 5, (path,))], layout, SETPRIV)


def test_the_broker_outlives_the_guard_and_the_guard_those_it_guards() -> None:
    programs = {program.name: program.priority for program in house_programs(Path("m.conf"), simulated=True)}
    stops_first = sorted(programs, key=lambda name: -programs[name])
    assert stops_first[0] == "reviver", "nobody is revived while the house ends"
    assert stops_first.index("rules") < stops_first.index("loads") < stops_first.index("guard")
    assert stops_first[-2:] == ["plant", "mosquitto"]


def test_a_real_house_has_no_plant_and_a_broker_elsewhere_is_not_started() -> None:
    names = {program.name for program in house_programs(None, simulated=False)}
    assert names == {"poller", "guard", "loads", "rules", "recorder", "feeds", "explain", "web", "reviver"}


def test_the_broker_listens_on_this_machine_only_and_keeps_nothing() -> None:
    text = render_mosquitto("127.0.0.1", 18830, as_root=False)
    assert "\nlistener 18830 127.0.0.1\n" in text
    assert "\npersistence false\n" in text
    assert "user" not in text.split("allow_anonymous")[1]
    assert "\nuser root\n" in render_mosquitto("127.0.0.1", 18830, as_root=True)
