"""`bitgrid whatif`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import click

from bitgrid.config import Config
from bitgrid.explain import Explainer, Language, RecordView, read_record
from bitgrid.ops.commands.loading import load as load_configuration
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import Card, running
from bitgrid.ops.places import project_root
from bitgrid.replay.errors import ReplayError
from bitgrid.replay.whatif import Change, WhatIf, last_recorded, what_if
from bitgrid.store import Ledger, StoreError

LANGUAGE: Language = "en"
_WORDS = {"true": True, "false": False, "none": None}


@click.command()
@click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A signal's value; may be repeated."
)
@click.option("--load", "only", help="One load; by default every load.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one line a load.")
@click.option("--var", type=click.Path(file_okay=False, path_type=Path), help="Where instances keep their files.")
def whatif(assignments: tuple[str, ...], only: str | None, as_json: bool, var: Path | None) -> None:
    """Decide again on the last state of the running house, with other values. Nothing is switched.

    For example: bitgrid whatif --set pv_power_w=5000. The meter takes the difference unless grid_power_w is set
    too; VALUE none is a value that is missing. Without --set: what would have changed the last decision.
    """
    values = dict(map(_assignment, assignments))
    cards = list(running(var or project_root() / "var"))
    if not cards:
        raise Refusal("nothing runs on this machine. Start the simulated house with: make run")
    for card in cards:
        config = load_configuration(Path(card.config))
        for answer in _answers(card, config, values, only):
            click.echo(json.dumps(_record(answer, card, config)) if as_json else _text(answer, card, config))


def _assignment(text: str) -> tuple[str, float | bool | None]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Refusal(f"--set {text}: write it as NAME=VALUE, for example --set pv_power_w=5000")
    if value.lower() in _WORDS:
        return name, _WORDS[value.lower()]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refusal(f"--set {text}: {value or 'nothing'} is no value; give a number, true, false or none")
    return name, number


def _answers(
    card: Card, config: Config, values: dict[str, float | bool | None], only: str | None
) -> Iterator[WhatIf]:
    known = [load.id for load in config.site.loads]
    if only is not None and only not in known:
        raise Refusal(f"there is no load {only}; site.yaml has {', '.join(known)}")
    try:
        ledger = Ledger(Path(card.data) / "ledger", read_only=True)
    except StoreError as error:
        raise Refusal(f"{error}. Nothing was decided") from None
    try:
        for load in [only] if only else known:
            yield what_if(last_recorded(ledger, load), values, load, config)
    except StoreError as error:
        raise Refusal(f"{error}. Nothing was decided") from None
    except ReplayError as error:
        raise Refusal(str(error)) from None
    finally:
        ledger.close()


def _record(answer: WhatIf, card: Card, config: Config) -> dict[str, object]:
    record = answer.record()
    view = _view(record["decision"])
    return {"url": card.url, **record, "text": Explainer(config.site).texts_of(view, LANGUAGE)}


def _text(answer: WhatIf, card: Card, config: Config) -> str:
    return "\n".join(_lines(answer, card, config))


def _lines(answer: WhatIf, card: Card, config: Config) -> Iterator[str]:
    explainer, record = Explainer(config.site), answer.record()
    view, recorded = _view(record["decision"]), _view(answer.recorded.record)
    at = explainer.figures[LANGUAGE].moment(recorded.at_s, recorded.at_s)
    yield f"{answer.decision.load.id} at {card.url}, last decided at {at} in the house"
    yield f"  decided     {_summary(recorded)}"
    yield f"              {explainer.sentence(recorded, LANGUAGE)}"
    if answer.set:
        yield "\n  Hypothetical: nothing is switched."
        yield from (_change("set", change, explainer) for change in answer.set)
        yield from (_change("follows", change, explainer) for change in answer.follows)
        yield f"  then        {_summary(view)}"
        yield f"              {explainer.sentence(view, LANGUAGE)}"
        if warning := explainer.warning(view, LANGUAGE):
            yield f"              {warning}"
    yield "\n  What would change that:"
    yield from _alternatives(view, explainer)
    yield from (f"\n  {note}" for note in _notes(answer, config))


def _alternatives(view: RecordView, explainer: Explainer) -> Iterator[str]:
    said = explainer.alternatives(view, LANGUAGE, count=len(view.counterfactuals))
    yield from (f"    {text}" for text in said or ["No single value would."])


def _notes(answer: WhatIf, config: Config) -> Iterator[str]:
    if answer.recorded.lacks_forecast:
        yield "The ledger lacks the forecast it was decided with, so here R4 does not look at the next blocks."
    if answer.recorded.record.get("config_hash") != config.config_hash:
        yield "The last decision was made under another configuration than the one used here."


def _change(word: str, change: Change, explainer: Explainer) -> str:
    figures = explainer.figures[LANGUAGE]
    before, after = (
        "not known" if value is None else figures.value(change.name, value) for value in change.record().values()
    )
    return f"  {word:<12}{change.name}: {before} → {after}"


def _summary(view: RecordView) -> str:
    return f"{view.action} {view.level}, {view.power_w} W · {view.rule} · {view.code}"


def _view(record: dict[str, object]) -> RecordView:
    view = read_record(record)
    if view is None:
        raise Refusal("the last decision was recorded by a version that this one cannot read")
    return view
