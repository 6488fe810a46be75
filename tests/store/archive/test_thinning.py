"""Telemetry as means of ten minutes."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgrid.store.archive.schema import schema
from bitgrid.store.archive.thinning import block_means
from store.archive.days import START_S, telemetry


def test_a_block_becomes_the_mean_of_its_good_values_at_its_start() -> None:
    rows = block_means(telemetry([100.0, 200.0, None], START_S + 30)).to_pylist()
    assert rows == [
        {"at_s": START_S, "device": "meter", "signal": "grid_power_w", "value": 150.0, "quality": "good"}
    ]


def test_a_block_that_was_mostly_not_good_has_no_value() -> None:
    (row,) = block_means(telemetry([100.0, None, None])).to_pylist()
    assert (row["value"], row["quality"]) == (None, "missing")


def test_blocks_signals_and_devices_are_kept_apart_and_in_order() -> None:
    soc = telemetry([7.0], START_S, "battery_soc_pct")
    rows = block_means(pa.concat_tables([telemetry([1.0] * 61), soc])).to_pylist()
    assert [(row["signal"], row["at_s"] - START_S) for row in rows] == [
        ("battery_soc_pct", 0),
        ("grid_power_w", 0),
        ("grid_power_w", 600),
    ]


def test_nothing_thinned_is_nothing() -> None:
    assert block_means(schema("telemetry").empty_table()).num_rows == 0


VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=59)


@settings(max_examples=50, deadline=None)
@given(values=VALUES)
def test_a_mean_lies_between_what_was_measured_and_thinning_it_again_changes_nothing(
    values: list[float | None],
) -> None:
    thinned = block_means(telemetry(values))
    good = [value for value in values if value is not None]
    (row,) = thinned.to_pylist()
    if len(good) * 2 >= len(values):
        assert row["value"] == pytest.approx(math.fsum(good) / len(good), rel=1e-5, abs=1e-6)
    else:
        assert row["value"] is None
    assert block_means(thinned).to_pylist() == thinned.to_pylist()
    assert thinned.schema.equals(schema("telemetry"))
