"""What a record gives to be said about a vote: figures with units, times, and which of a text's forms is true."""

from __future__ import annotations

from collections.abc import Mapping

from bitgrid.explain.figures import Figures
from bitgrid.explain.record import RecordView, VoteView

Said = dict[str, str | int]
Given = Mapping[str, int | float | None]
_DAY_S = 86_400
_RIVALS = ("displaced_ct_kwh", "export_price_ct_kwh")
"""What the worth of mining is compared with."""


def values_of(vote: VoteView | None, view: RecordView, figures: Figures) -> Said:
    """The figures of a vote by name, and what follows from them."""
    given: Given = {} if vote is None else {**vote.inputs, **vote.thresholds}
    values: Said = {
        name.rsplit(".", 1)[-1]: figures.value(name, value) for name, value in given.items() if value is not None
    }
    surplus_w = given.get("surplus_w")
    if surplus_w is not None:
        values["surplus_kw"] = figures.watts(surplus_w)
        values["sign"] = "positive" if surplus_w > 0 else "negative"
    if vote is not None and vote == view.binding and view.next_change_at_s is not None:
        values["until"] = figures.time_of_day(view.next_change_at_s)
    lockout_until_s = given.get("lockout_until_s")
    if lockout_until_s is not None:
        values["passed"] = "yes" if view.at_s >= lockout_until_s else "no"
    values["seen"] = "guard" if _guard_saw_more(given) else "here"
    return values | _worth(given) | _ahead(given, view, figures) | _asking(vote, view, figures)


def _guard_saw_more(given: Given) -> bool:
    """Whether the guard tripped by a heat that the decision's own figure, older or lower, does not show."""
    temp_c, limit_c = given.get("temp_c"), given.get("max_temp_c")
    return bool(given.get("guard_trip")) and (temp_c is None or limit_c is None or temp_c <= limit_c)


def _worth(given: Given) -> Said:
    """Whether mining is worth less than what it is compared with, or merely not enough more."""
    hodl = given.get("hodl_ct_kwh")
    rival = next((worth for name in _RIVALS if (worth := given.get(name)) is not None), None)
    if hodl is None or rival is None:
        return {}
    return {"worth": "less" if hodl < rival else "near"}


def _ahead(given: Given, view: RecordView, figures: Figures) -> Said:
    """What R4 sees coming: whether the battery spills first (``spills``), empties, or neither, and when."""
    if "displaced_ct_kwh" not in given:
        return {"course": "none"}
    spill, empty = given.get("spill_block"), given.get("empty_block")
    spills_first = spill is not None and (empty is None or spill < empty)
    course, block = ("spills", spill) if spills_first else ("empties", empty)
    at_s = None if block is None else view.block_starts_s(round(block))
    if at_s is None or (spills_first and not given.get("spilled_wh")):
        return {"course": "open"}
    is_soon = at_s - view.at_s < _DAY_S
    return {"course": course, "moment": figures.time_of_day(at_s) if is_soon else figures.moment(at_s, view.at_s)}


def _asking(vote: VoteView | None, view: RecordView, figures: Figures) -> Said:
    """What the mode's vote would do, and until when it waits for an answer."""
    if vote is None or vote.rule != "MODE" or vote.level is None:
        return {}
    wish = "stop" if vote.level == "off" else "change" if view.was_on else "start"
    waited, limit = vote.inputs.get("blocks_waited"), vote.thresholds.get("blocks")
    if waited is None or limit is None:
        return {"wish": wish, "without": "nothing", "answer_until": figures.time_of_day(view.valid_until_s)}
    ends_s = view.block_starts_s(round(limit - waited) + 1)
    return {} if ends_s is None else {"wish": wish, "without": "it", "answer_until": figures.time_of_day(ends_s)}
