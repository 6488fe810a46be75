"""What is hypothetical: the next block, the coming hours, and the last decision under other values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitgrid.explain import LANGUAGES, read_record
from bitgrid.kernel import decision_record, to_people
from bitgrid.replay.preview import PlannedBlock
from bitgrid.web.api import decided
from bitgrid.web.api.given import Nothing, PlanQuery, WhatIfBody
from bitgrid.web.api.telling import told
from bitgrid.web.hypotheses import Plan
from bitgrid.web.problems import Refusal

if TYPE_CHECKING:
    from bitgrid.web.app import Web


def preview(web: Web, _given: Nothing) -> decided.PlanAnswer:
    """What the next block would decide, as things stand; for every load, by priority."""
    return _plan(web, web.hypotheses.preview())


def plan(web: Web, query: PlanQuery) -> decided.PlanAnswer:
    """The coming hours by the forecasts, decided by the real rules; as far as the forecasts reach.

    A preview, no promise: every block is decided anew by what is measured then.
    """
    return _plan(web, web.hypotheses.plan(query.hours))


def whatif(web: Web, body: WhatIfBody) -> decided.WhatIfAnswer:
    """The last decision on a load once more, with other values; nothing is switched.

    Where sun, household or battery is set and the meter is not, the meter takes the difference (``follows``).
    """
    record = web.hypotheses.whatif(body.load, body.set).record()
    view = read_record(record["decision"])
    if view is None:
        raise Refusal(503, "not_readable", "The last decision cannot be read by this version of BitGrid.")
    texts = {language: told(web.words[language], view) for language in LANGUAGES}
    return decided.WhatIfAnswer(**record, texts=texts)


def _plan(web: Web, planned: Plan) -> decided.PlanAnswer:
    loads = {load: [_block(web, block) for block in blocks] for load, blocks in planned.loads.items()}
    return decided.PlanAnswer(as_of_s=planned.as_of_s, is_old=planned.is_old, loads=loads)


def _block(web: Web, block: PlannedBlock) -> decided.PlannedBlockAnswer:
    decision = block.decision
    view = read_record(decision_record(decision))
    sentence = {language: web.words[language].sentence(view) for language in LANGUAGES} if view else {}
    return decided.PlannedBlockAnswer(
        block=block.block,
        at_s=block.at_s,
        surplus_w=block.surplus_w,
        soc_pct=None if block.soc is None else to_people("battery_soc_pct", block.soc),
        action=decision.action.value,
        level=decision.level,
        power_w=decision.power_w,
        rule=decision.rule.value,
        code=decision.code.value,
        sentence=sentence,
    )
