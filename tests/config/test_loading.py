from __future__ import annotations

from pathlib import Path

import pytest

from bitgrid.config import Config, load_config
from bitgrid.config.loading import load_plant
from config.directories import change, copied, problems


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_what_is_shipped_is_valid(directory: Path) -> None:
    assert isinstance(load_config(directory), Config)
    load_plant(directory)


def test_an_unknown_key_is_named_with_its_place_and_the_key_that_was_meant(directory: Path) -> None:
    change(directory / "site.yaml", "    port: 15020", "    prot: 15020")
    assert problems(directory) == ["site.yaml:24:5 devices.0.prot: extra key; did you mean port?"]


def test_an_unknown_key_like_no_other_brings_the_list(directory: Path) -> None:
    change(directory / "flags.yaml", "r4_enabled", "zzz")
    assert (
        "flags.yaml:3:1 zzz: extra key; known keys: "
        "first_run, r4_enabled, r4_preemptive_stop, r4_prestart, research, schema" in problems(directory)
    )


def test_a_duplicate_key_is_named_with_its_line(directory: Path) -> None:
    (directory / "flags.yaml").write_text("schema: 1\nr4_enabled: true\nr4_enabled: false\n")
    assert problems(directory) == ['flags.yaml:3:1 duplicate key "r4_enabled": a key may stand only once']


def test_every_problem_of_every_file_is_told_at_once(directory: Path) -> None:
    change(directory / "site.yaml", "peak_w: 6000", "peak_w: -1")
    change(directory / "bitgrid_rules.yaml", "max_temp_c: 85.0", "max_temp_c: 96.0")
    change(directory / "flags.yaml", "r4_enabled: true", "r4_enabled: off")
    files = [line.split(":")[0] for line in problems(directory)]
    assert files == ["site.yaml", "bitgrid_rules.yaml", "flags.yaml"]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "bitgrid_rules.yaml",
            "soc_soft_min_pct: 58.0",
            "soc_soft_min_pct: 40.0",
            "soc_soft_min_pct must not be below",
        ),
        (
            "bitgrid_rules.yaml",
            "resume_temp_c: 75.0",
            "resume_temp_c: 85.0",
            "resume_temp_c must be below max_temp_c",
        ),
        ("bitgrid_rules.yaml", "max_temp_c: 85.0", "max_temp_c: 95.1", "less than or equal to 95"),
        ("bitgrid_rules.yaml", "comm_timeout_s: 60", "comm_timeout_s: 301", "less than or equal to 300"),
        (
            "bitgrid_rules.yaml",
            "max_grid_import_w: 500",
            "max_grid_import_w: 2001",
            "max_grid_import_hold_w must not",
        ),
        ("bitgrid_rules.yaml", "hysteresis_w: 200", "hysteresis_w: .nan", "valid integer"),
        ("bitgrid_rules.yaml", "hysteresis_w: 200", "hysteresis_w: yes", "valid integer"),
        ("bitgrid_rules.yaml", "soc_hard_min_pct: 50.0", "soc_hard_min_pct: .inf", "valid number"),
        ("site.yaml", "power_w: 1674", "power_w: 700", "levels must rise"),
        ("site.yaml", "name: full", "name: off", "none may be called off"),
        ("site.yaml", "timezone: Europe/Berlin", "timezone: Europe/Atlantis", "unknown time zone"),
        (
            "site.yaml",
            "id: battery",
            "id: meter",
            "every device and load needs an id of its own; used twice: meter",
        ),
        ("site.yaml", "id: inverter", "id: In/verter", "should match pattern"),
        ("site.yaml", "[pv_power_w]", "[grid_power_w]", "measured by more than one device: grid_power_w"),
        ("site.yaml", "[grid_power_w]", "[pv_power_w]", "the surplus cannot be known"),
        (
            "site.yaml",
            "    relay: {kind: shelly_gen2, host: 127.0.0.1, port: 18081, auto_off_s: 120}\n",
            "",
            "give a relay, or",
        ),
        ("site.yaml", "power_w: 800", "power_w: 15", "off_below_w must be below the lowest level's 15 W"),
        ("site.yaml", "driver: avalon", "driver: axeos", "can only pause and resume"),
        ("site.yaml", "driver: avalon", "driver: pyasic", "can only pause and resume"),
        ("site.yaml", "driver: avalon", "driver: luxos", "give each of its levels a profile"),
        ("site.yaml", "auto_off_s: 120", "auto_off_s: 60", "the relay cuts the fans off early"),
        ("site.yaml", "schema: 1", "schema: 2", "less than or equal to 1"),
        ("site.yaml", "tariff:\n  import_ct_kwh: 24.0\n  export_ct_kwh: 8.0\n", "", "tariff: is missing"),
        ("site.yaml", "port: 15020", 'port: "15020"', "valid integer"),
        ("site.yaml", "port: 15020", "port: 70000", "less than or equal to 65535"),
        ("policies.yaml", "energy_path: best_value", "energy_path: lottery", "local_first"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_words(
    directory: Path, file: str, old: str, new: str, told: str
) -> None:
    change(directory / file, old, new)
    found = problems(directory)
    assert any(line.startswith(file) and told in line for line in found), found


def test_an_owner_may_go_without_a_relay_only_by_the_sentence(directory: Path) -> None:
    relay = "    relay: {kind: shelly_gen2, host: 127.0.0.1, port: 18081, auto_off_s: 120}\n"
    sentence = "I accept that this load keeps its power when the whole appliance fails"
    change(directory / "site.yaml", relay, f'    accept_no_relay: "{sentence}"\n')
    assert load_config(directory).site.loads[0].relay is None
    change(directory / "site.yaml", sentence, "yes, whatever")
    assert any("accept_no_relay" in line for line in problems(directory))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"- a\n- b\n", "no mapping"),
        (b"a: [1, 2\n", "is no valid YAML here"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"a: \x07\n", "is no valid YAML"),
        (b"x" * 1_000_001, "is larger than"),
        (b"a: &a [*a]", "extra key"),
        (b"a: " + b"[" * 700, "nested too deeply"),
        (
            b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 10)) for c in b"bcdefg"),
            "nested too deeply",
        ),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_in_words(directory: Path, content: bytes, told: str) -> None:
    (directory / "flags.yaml").write_bytes(content)
    assert any("flags.yaml" in line and told in line for line in problems(directory))


def test_a_missing_file_is_named_with_its_directory(directory: Path) -> None:
    (directory / "policies.yaml").unlink()
    assert problems(directory) == [f"policies.yaml is missing from {directory}"]


def test_the_hash_knows_values_and_not_comments_or_order(directory: Path) -> None:
    before = load_config(directory).config_hash
    path = directory / "flags.yaml"
    path.write_text("# another comment\nr4_enabled: true\nschema: 1\n")
    assert load_config(directory).config_hash == before
    path.write_text("schema: 1\nr4_enabled: false\n")
    assert load_config(directory).config_hash != before


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.4.5.6", True),
        ("::1", True),
        ("localhost", True),
        ("192.168.1.5", False),
        ("miner.lan", False),
    ],
)
def test_a_site_is_simulated_only_where_everything_is_this_machine(
    directory: Path, host: str, *, loopback: bool
) -> None:
    change(
        directory / "site.yaml",
        "relay: {kind: shelly_gen2, host: 127.0.0.1",
        f'relay: {{kind: shelly_gen2, host: "{host}"',
    )
    assert load_config(directory).site.is_loopback_only is loopback


def test_a_power_range_is_every_step_of_it(directory: Path) -> None:
    levels = """    levels:
      - {name: eco, power_w: 800, min_surplus_w: 800}
      - {name: full, power_w: 1674, min_surplus_w: 1500}
"""
    change(directory / "site.yaml", levels, "    power_range: {min_w: 800, max_w: 1500, step_w: 300}\n")
    found = [(level.name, level.power_w) for level in load_config(directory).site.loads[0].levels]
    assert found == [("w800", 800), ("w1100", 1100), ("w1400", 1400), ("w1500", 1500)]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{min_w: 1500, max_w: 800}", "max_w must be above min_w"),
        ("{min_w: 800, max_w: 90000, step_w: 50}", "more than 40 levels"),
        ("{min_w: 800}", "max_w"),
    ],
)
def test_a_power_range_that_is_none_is_refused(directory: Path, given: str, told: str) -> None:
    levels = """    levels:
      - {name: eco, power_w: 800, min_surplus_w: 800}
      - {name: full, power_w: 1674, min_surplus_w: 1500}
"""
    change(directory / "site.yaml", levels, f"    power_range: {given}\n")
    assert any(told in line for line in problems(directory)), problems(directory)
