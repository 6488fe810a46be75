"""docs/prices.md: its examples are configurations, and its figures come out of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bitgrid.config import Site, load_config
from bitgrid.config.files import check
from bitgrid.config.yaml_source import read_yaml
from bitgrid.feeds.prices.formula import gross_ct_kwh
from bitgrid.feeds.prices.schedule import FIRST_WAIT_S, LAST_WAIT_S, PUBLISHED

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "prices.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def house_with(example: str, directory: Path) -> Site:
    """The simulated house with a tariff of the page."""
    lines = (ROOT / "config" / "site.yaml").read_text(encoding="utf-8").split("\ntariff:")[0]
    (directory / "site.yaml").write_text(f"{lines}\n{example}", encoding="utf-8")
    return check(read_yaml(directory / "site.yaml"), Site)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_tariff(example: str, tmp_path: Path) -> None:
    assert house_with(example, tmp_path).tariff != load_config(ROOT / "config").site.tariff


def test_the_examples_are_of_every_kind(tmp_path: Path) -> None:
    tariffs = [house_with(example, tmp_path).tariff for example in EXAMPLES]
    kinds = [(tariff.time_of_use is not None, tariff.day_ahead is not None) for tariff in tariffs]
    assert kinds == [(False, False), (True, False), (False, True), (False, True)]
    assert tariffs[3].export.unpaid_when_negative == "quarter_hour"


def test_the_example_of_the_formula_comes_out(tmp_path: Path) -> None:
    terms = house_with(EXAMPLES[2], tmp_path).tariff.day_ahead
    assert terms is not None
    surcharges = sum(terms.surcharges_ct_kwh.values())
    told = f"(8.5 + {surcharges:g}) × 1.19 = {gross_ct_kwh(8.5, terms):.2f} ct/kWh"
    assert told in PAGE
    assert sum(map(float, re.findall(r"(?:KWKG|Offshore|Netznutzung) (\d\.\d+)", PAGE))) == pytest.approx(
        terms.surcharges_ct_kwh["levies"]
    )


def test_when_it_is_asked_is_as_told() -> None:
    assert f"after {PUBLISHED:%H:%M} Central European time" in PAGE
    waits = [FIRST_WAIT_S // 60 * factor for factor in (1, 2, 4)]
    assert f"{waits[0]}, {waits[1]}, {waits[2]}, and then every {LAST_WAIT_S // 60} minutes" in " ".join(
        PAGE.split()
    )
