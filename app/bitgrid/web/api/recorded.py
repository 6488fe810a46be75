"""What is read of the house's records: decisions of other days, why, key figures, the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bitgrid.config import ConfigError, load_config
from bitgrid.explain import LANGUAGES, RecordView, read_record
from bitgrid.store import DecisionRow, Ledger, StoreError
from bitgrid.store.ledger_window import decisions_between
from bitgrid.web.api import decided, models
from bitgrid.web.api.given import KpiQuery, Nothing, TimelineQuery
from bitgrid.web.kpis import asked_for, day_after, local_days
from bitgrid.web.problems import Refusal

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def timeline(web: Web, query: TimelineQuery) -> decided.TimelineAnswer:
    """Decisions of a stretch of local days, oldest first, in parts.

    Where ``next`` is not null there are more: ask again with ``after`` set to it.
    """
    from_s, to_s = _stretch(web, query)
    with_one_more = query.limit + 1
    with ledger_of(web) as directory:
        rows = decisions_between(
            directory, from_s, to_s, load=query.load, after_seq=query.after, limit=with_one_more
        )
    shown = rows[: query.limit]
    return decided.TimelineAnswer(
        from_s=from_s,
        to_s=to_s,
        timezone=web.config.site.location.timezone,
        entries=list(_timeline_entries(web, shown)),
        next=shown[-1].seq if len(rows) > len(shown) else None,
    )


def kpi(web: Web, query: KpiQuery) -> str:
    """Key figures of a period of local days and of each of them; docs/kpi.md says how they are reckoned."""
    asked = asked_for(query.from_, query.to, web.language())
    if web.kpis is None:
        raise Refusal(503, "not_reckoned", "This page runs without a house's data, so there are no figures.")
    return web.kpis.answer(asked)


def config(web: Web, _given: Nothing) -> models.ConfigAnswer:
    """The configuration that the rules go by, as archived under its hash; it holds no secrets.

    Where that cannot be told, it is the one that the pages began with, and is said not to be in force.
    """
    house = web.view.snapshot()
    told = None if house.energy is None else house.energy.message.config_hash
    text = None if told is None else _known(web, told)
    parts = json.loads(web.config.canonical_json if text is None else text)
    config_hash = web.config.config_hash if told is None or text is None else told
    is_in_force = told == config_hash and house.is_live(house.energy)
    return models.ConfigAnswer(config_hash=config_hash, is_in_force=is_in_force, **{"profiles": {}, **parts})


@contextmanager
def ledger_of(web: Web) -> Iterator[Path]:
    """The ledger's directory.

    Raises:
        Refusal: 503, where there is none or what is read of it cannot be.
    """
    if web.places is None:
        raise Refusal(503, "no_records", "This page runs without a house's data, so nothing recorded can be told.")
    try:
        yield web.places.data / "ledger"
    except StoreError as error:
        raise Refusal(
            503, "records_unreadable", f"{error}. `bitgrid doctor` and the log of rules say more."
        ) from error


def row_view(row: DecisionRow) -> RecordView | None:
    """A row as it can be said in words; None where this version cannot read it."""
    whole = json.loads(row.record)
    return read_record({**whole["decision"], "state": whole["state"]})


def _known(web: Web, config_hash: str) -> str | None:
    """A configuration by its hash: archived with the first block it is used in, until then as the files are."""
    if config_hash == web.config.config_hash or web.places is None:
        return web.config.canonical_json if config_hash == web.config.config_hash else None
    with ledger_of(web) as directory:
        archived = Ledger(directory, read_only=True).configuration(config_hash)
    if archived is not None:
        return archived
    try:
        now = load_config(web.places.config)
    except ConfigError:
        return None
    return now.canonical_json if now.config_hash == config_hash else None


def _stretch(web: Web, query: TimelineQuery) -> tuple[int, int]:
    """The stretch asked for, UTC epoch seconds: of today where nothing is said, of one day where no end is.

    Raises:
        Refusal: 422, saying what would be right.
    """
    zone = ZoneInfo(web.config.site.location.timezone)
    begin = query.from_ or datetime.fromtimestamp(web.clock.now(), zone).date().isoformat()
    first, end = local_days(begin, query.to or day_after(begin))
    begins, ends = (int(datetime.combine(day, time(), zone).timestamp()) for day in (first, end))
    return begins, ends


def _timeline_entries(web: Web, rows: list[DecisionRow]) -> Iterator[decided.TimelineEntry]:
    """A line a decision; one that this version cannot read is passed over."""
    for row in rows:
        view = row_view(row)
        if view is None:
            continue
        yield decided.TimelineEntry(
            **decided.entry(row.id, view),
            soc_pct=_good(view, "battery_soc_pct"),
            import_price_ct_kwh=_good(view, "import_price_ct_kwh"),
            sentence={language: web.words[language].sentence(view) for language in LANGUAGES},
        )


def _good(view: RecordView, name: str) -> float | None:
    """A signal that was decided on; None unless it was good."""
    signal = view.state.signals.get(name)
    return signal.value if signal is not None and signal.quality == "good" else None
