"""Pseudonyms: the same word for the same name all through one bundle, and another in the next.

Numbered in the order in which names are met, so that a pseudonym says nothing of the name. What is a word of the
product's own (a signal, a code, the level ``off``) stays; what is not known to be one is replaced.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

from bitgrid.config.signals import SignalName
from bitgrid.kernel import OFF
from bitgrid.research.errors import NotPseudonymous

FEEDS = frozenset({"bitcoin", "forecast", "tariff"})
"""Devices on the bus that are the product's own."""
SOURCES = frozenset({"", "forecast", "policies.yaml", "rules", "site.yaml", "sum"})
"""Origins of a value that are the product's own."""
SIGNALS = frozenset({*get_args(SignalName), "power_w", "temp_c", "hashrate_ths", "accepted_shares"}) | {
    "rejected_shares", "import_price_ct_kwh", "export_price_ct_kwh", "difficulty", "block_height", "eur_per_btc",
    "sats_per_kwh", "hodl_ct_kwh", "age_s", "grid_power_60s_w", "controller_lost", "clock_stepped",
    "ups_on_battery", "first_run", "loads_before_w", "guard_trip", "on_for_s", "block_accepted_shares",
    "block_rejected_shares", "block_j_per_th", "evaluation_overrun", "clock_synced",
}  # fmt: skip
"""Every signal that the product tells or puts into a state; anyone on the bus may tell others."""
_DECISION_ID = re.compile(r"(.+)-(\d+-\d+-[a-z]+-\d+)")


class Names:
    """The pseudonyms of one bundle."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._count: Counter[str] = Counter()

    def load(self, name: str) -> str:
        """Of a load."""
        return self._of("name", name, "load_")

    def device(self, name: str) -> str:
        """Of a device on the bus; loads and devices share their names, feeds keep theirs."""
        known = self._given.get(("name", name))
        return known or (name if name in FEEDS else self._of("name", name, "device_"))

    def level(self, name: str) -> str:
        """Of a load's level; ``off`` is the product's own."""
        return name if name == OFF else self._of("level", name, "level_")

    def host(self, name: str) -> str:
        """Of a host name or address."""
        return self._of("host", name, "host-")

    def other(self, name: str, prefix: str) -> str:
        """Of anything else that has a name of its owner's."""
        return self._of(prefix, name, prefix)

    def source(self, name: str) -> str:
        """Of where a value comes from."""
        known = self._given.get(("name", name))
        return known or (name if name in SOURCES else self._of("source", name, "source_"))

    def signal(self, name: str) -> str | None:
        """A signal, with the load in front of it replaced; None: no signal that the product knows."""
        load, dot, of_load = name.rpartition(".")
        if of_load not in SIGNALS:
            return None
        return f"{self.load(load)}.{of_load}" if dot else name

    def known_signal(self, name: str) -> str:
        """A signal of a record.

        Raises:
            NotPseudonymous: the product knows none of that name.
        """
        known = self.signal(name)
        if known is None:
            raise NotPseudonymous("a record has a signal that is not known here, so nothing was handed out")
        return known

    def decision_id(self, name: str) -> str | None:
        """A decision's id, with its load replaced; None: it is none."""
        match = _DECISION_ID.fullmatch(name)
        return None if match is None else f"{self.load(match[1])}-{match[2]}"

    def _of(self, space: str, name: str, prefix: str) -> str:
        key = (space, name)
        if key not in self._given:
            self._count[prefix] += 1
            self._given[key] = f"{prefix}{self._count[prefix]}"
        return self._given[key]
