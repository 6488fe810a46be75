"""Every driver says how far it is, and what it says is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from bitgrid.config.load import MinerConfig, RelayConfig
from bitgrid.devices import registry
from bitgrid.ops.driver_docs import Point, points, qualities, render

ROOT = Path(__file__).parents[2]
EVERY = qualities()


def test_every_driver_in_the_registry_has_one_and_no_other_has() -> None:
    kinds = {name: quality.kind for name, quality in EVERY.items()}
    assert kinds == dict.fromkeys(registry._MINERS, "miner") | dict.fromkeys(registry._RELAYS, "relay")


def test_every_driver_that_site_yaml_may_name_is_in_the_registry() -> None:
    assert set(get_args(MinerConfig.model_fields["driver"].annotation)) == set(registry._MINERS)
    assert set(get_args(RelayConfig.model_fields["kind"].annotation)) == set(registry._RELAYS)


@pytest.mark.parametrize("driver", EVERY)
def test_every_test_that_is_named_exists(driver: str) -> None:
    named = [point.done for point in points(EVERY[driver]).values() if point.done]
    assert named
    for name in named:
        path, _, function = name.partition("::")
        assert re.search(rf"^ *def {function}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), name


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"done": "tests/x.py::test_x", "untested": "for some reason"},
        {"done": "it works"},
        {"exempt": ""},
        {"almost": "for some reason"},
    ],
)
def test_a_point_is_exactly_one_of_three(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Point.model_validate(said)


def test_the_page_of_the_drivers_is_up_to_date() -> None:
    assert (ROOT / "docs" / "drivers.md").read_text(encoding="utf-8") == render(), "run: make docs"


def test_the_page_tells_each_driver_its_points_and_its_tests() -> None:
    page = render()
    for name, quality in EVERY.items():
        assert f"\n## {name}\n" in page
        assert quality.checked_against in page
    assert "| [Others, through pyasic](#pyasic) | **done** | **done** | untested |" in page
