"""The section `bitcoin` of site.yaml, and hodl in policies.yaml: strict, optional, off by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bitgrid.config import load_config
from bitgrid.config.bitcoin import Bitcoin
from bitgrid.config.policies import Hodl


def test_by_default_nobody_is_asked() -> None:
    assert load_config(Path(__file__).parents[2] / "config").site.bitcoin is None
    empty = Bitcoin()
    assert (empty.node, empty.api) == (None, None)


def test_a_whole_section() -> None:
    given = {
        "node": {"host": "192.168.1.20", "secret": "bitcoind"},
        "api": "https://mempool.example/base",
        "fees_sats": 3_000_000,
        "pool_fee_pct": 2.0,
        "stale_after_days": 14.0,
        "price_stale_after_h": 6.0,
    }
    section = Bitcoin.model_validate(given)
    assert section.node is not None
    assert section.node.port == 8332
    assert (section.stale_after_s, section.price_stale_after_s) == (14 * 86_400, 6 * 3600)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"node": {"host": "192.168.1.20"}}, "give secret or cookie; one of the two"),
        ({"node": {"host": "n", "secret": "s", "cookie": "/c"}}, "give secret or cookie; one of the two"),
        ({"node": {"host": "8.8.8.8", "secret": "s"}}, "a public address"),
        ({"node": {"host": "2606:4700::1111", "secret": "s"}}, "a public address"),
        ({"node": {"host": "n", "cookie": "relative/.cookie"}}, "cookie"),
        ({"node": {"host": "n", "secret": "user:password"}}, "secret"),
        ({"api": "mempool.space"}, "api"),
        ({"api": "ftp://mempool.space"}, "api"),
        ({"api": "https://user:password@mempool.space"}, "api"),
        ({"api": "https://mempool.space/?key=1"}, "api"),
        ({"pool_fee_pct": 101.0}, "pool_fee_pct"),
        ({"fees_sats": -1}, "fees_sats"),
        ({"stale_after_days": 0}, "stale_after_days"),
        ({"price": 1}, "price"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Bitcoin.model_validate(given)


@pytest.mark.parametrize("host", ["192.168.1.20", "10.0.0.2", "127.0.0.1", "fd00::1", "node.local", "100.64.1.1"])
def test_a_node_at_home_or_in_a_vpn_is_taken(host: str) -> None:
    assert Bitcoin.model_validate({"node": {"host": host, "secret": "s"}}).node is not None


def test_hodl_needs_one_of_its_two() -> None:
    with pytest.raises(ValidationError, match="give sats_per_kwh, eur_per_btc or both"):
        Hodl()
    assert Hodl(eur_per_btc=80_000.0).ct_kwh is None
    assert Hodl(sats_per_kwh=100.0).ct_kwh is None
    assert Hodl(sats_per_kwh=100.0, eur_per_btc=80_000.0).ct_kwh == pytest.approx(8.0)
