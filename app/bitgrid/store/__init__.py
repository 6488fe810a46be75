"""The store: what is remembered. The ledger (decisions, memory, events) and the hot telemetry, both SQLite.

May touch: the data directory. The ledger is written by `rules` alone, the telemetry by `recorder` alone;
everyone else opens them read-only.
"""

from bitgrid.store.chain import Head
from bitgrid.store.errors import DamagedError, RecordRefused, StoreError
from bitgrid.store.ledger import LOST, Ledger
from bitgrid.store.rows import DecisionRow, EventRow
from bitgrid.store.telemetry import TelemetryStore

__all__ = [
    "LOST",
    "DamagedError",
    "DecisionRow",
    "EventRow",
    "Head",
    "Ledger",
    "RecordRefused",
    "StoreError",
    "TelemetryStore",
]
