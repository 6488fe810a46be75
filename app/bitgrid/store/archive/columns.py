"""What an archived day of each kind holds: its columns, their types, units and meanings. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

SCHEMA_VERSION = "1"
"""Named in every file. A new one may add columns; it never changes what a column means."""

ColumnType = Literal["f64", "i64", "i32", "text", "name"]


class Column(NamedTuple):
    """A column; ``name`` as a type is a text of few different values, kept as a dictionary."""

    name: str
    type: ColumnType
    unit: str
    description: str
    is_optional: bool = False


_AT = Column("at_s", "f64", "s", "When, UTC epoch seconds.")
_TICK_AT = Column("at_s", "i64", "s", "When, UTC epoch seconds.")
_BLOCK = Column("block", "i64", "block", "Number of the block of ten minutes: floor(at_s / 600).")
_EPOCH = Column("clock_epoch", "i32", "1", "Counts the steps of the wall clock; with block it names a tick.")
_LOAD = Column("load", "name", "", "The load, by its id in site.yaml.")
_SEQ = Column("seq", "i64", "1", "Its number in the ledger, which decisions and events share.")
_HASH = Column("hash", "text", "", "Its link of the ledger's chain, SHA-256 in hexadecimal.")
_QUALITY = Column("quality", "name", "", "good, stale, invalid or missing.")

KINDS: dict[str, tuple[Column, ...]] = {
    "telemetry": (
        _AT,
        Column("device", "name", "", "The device that measured it, or the feed that told it."),
        Column("signal", "name", "", "What was measured; the suffix is the unit (_w, _pct, _c, _ths, …)."),
        Column(
            "value",
            "f64",
            "by the signal's suffix",
            "The measured value; none where there was none.",
            is_optional=True,
        ),
        _QUALITY,
    ),
    "states": (
        _BLOCK,
        _EPOCH,
        _TICK_AT,
        Column("signal", "name", "", "A signal of the state; a load's own begins with the load's id and a dot."),
        Column(
            "value",
            "f64",
            "by the signal's suffix",
            "The value the decision was made on, in people's units.",
            is_optional=True,
        ),
        _QUALITY,
        Column("age_s", "i32", "s", "How old the value was at the tick.", is_optional=True),
        Column("source", "name", "", "Where it came from.", is_optional=True),
    ),
    "decisions": (
        _SEQ,
        _LOAD,
        _EPOCH,
        _BLOCK,
        Column("trigger", "name", "", "TICK, PROTECT, USER, EXPIRY or RESYNC."),
        _TICK_AT,
        Column("action", "name", "", "START, STOP, THROTTLE or HOLD."),
        Column("level", "name", "", "The level the load shall have; off is one of them."),
        Column("rule", "name", "", "The rule that demanded it."),
        Column("code", "name", "", "Its reason."),
        Column("record", "text", "", "The whole record, canonical JSON exactly as in the ledger."),
        _HASH,
    ),
    "energy_to_value": (
        _BLOCK,
        _TICK_AT,
        _LOAD,
        Column(
            "energy_wh",
            "f64",
            "Wh",
            "What the load took in the block, from its own measured power.",
            is_optional=True,
        ),
        Column("surplus_wh", "f64", "Wh", "How much of it was surplus.", is_optional=True),
        Column(
            "path", "name", "", "The path the decision preferred: hodl, export, store or heat.", is_optional=True
        ),
        Column(
            "value_ct", "f64", "ct", "What the energy yields at the hodl price of its decision.", is_optional=True
        ),
        Column(
            "export_value_ct",
            "f64",
            "ct",
            "What its surplus would have brought at the feed-in price.",
            is_optional=True,
        ),
        Column(
            "sats",
            "f64",
            "sat",
            "What the energy yields in sats by the decision's sats per kWh.",
            is_optional=True,
        ),
        Column(
            "j_per_th",
            "f64",
            "J/TH",
            "Energy a terahash took, from measured power and hashrate.",
            is_optional=True,
        ),
        Column("import_price_ct_kwh", "f64", "ct/kWh", "Import price at the tick.", is_optional=True),
        Column("export_price_ct_kwh", "f64", "ct/kWh", "Feed-in price at the tick.", is_optional=True),
    ),
    "events": (
        _SEQ,
        _TICK_AT,
        Column("kind", "name", "", "safety, health or audit."),
        Column("record", "text", "", "What happened, JSON as in the ledger."),
        _HASH,
    ),
    "explain_sessions": (
        _AT,
        Column("decision_id", "text", "", "The decision that was explained."),
        _LOAD,
        Column("texts", "text", "", "The sentences as they were told, JSON."),
    ),
}

THINNABLE = "telemetry"
"""The one kind that retention may thin or drop by itself; all others go by the owner's word alone."""
