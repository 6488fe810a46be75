"""Remarks: what a person should know beside a decision's reason. Empty where the record gives no cause for one."""

from __future__ import annotations

from bitgrid.config import Site
from bitgrid.config.signs import turns
from bitgrid.explain.figures import Figures
from bitgrid.explain.language import Language, Texts
from bitgrid.explain.record import RecordView

HODL = "hodl_ct_kwh"
PATHS = ("hodl", "heat", "store", "export")


def balance(view: RecordView, site: Site, texts: Texts, figures: Figures) -> str:
    """Meter and inverter contradict each other: both figures, and the line of site.yaml that would mend it."""
    if view.balance is None or not view.balance.is_mismatch:
        return ""
    language, told = figures.language, view.balance.inputs
    said = texts.say(
        language,
        "balance",
        house="measured" if view.balance.is_house_measured else "none",
        by_meter=figures.value("power_w", told.by_meter_w),
        by_inverter=figures.value("power_w", told.by_inverter_w),
    )
    advice = [_turned(signal, site, texts, language) for signal in view.balance.explained_by]
    return " ".join([said, *(advice or [texts.say(language, "balance-open")])])


def _turned(signal: str, site: Site, texts: Texts, language: Language) -> str:
    """That a signal's sign explains it, and the lines that turn it."""
    name = texts.say(language, f"signal-{signal}") if texts.knows(language, f"signal-{signal}") else signal
    lines = [texts.say(language, "balance-line", line=str(one), device=one.device) for one in turns(site, signal)]
    return texts.say(language, "balance-sign", name=name, lines=", ".join(lines) or signal)


def policy(view: RecordView, texts: Texts, figures: Figures) -> str:
    """Another policy than the chosen one is in force, because nobody knows what mining brings, or only of old."""
    path = view.energy_path
    if path is None or path.policy == path.chosen_policy:
        return ""
    names = {
        "policy": f"policy-{path.policy}",
        "chosen": f"policy-{path.chosen_policy}",
    }
    said = {
        name: texts.say(figures.language, key) if texts.knows(figures.language, key) else key.partition("-")[2]
        for name, key in names.items()
    }
    hodl = view.state.signals.get(HODL)
    if hodl is None or hodl.quality != "stale" or hodl.value is None or hodl.age_s is None:
        return texts.say(figures.language, "policy-fallback", **said)
    worth, age = figures.value(HODL, hodl.value), figures.duration(hodl.age_s)
    return texts.say(figures.language, "policy-old", worth=worth, age=age, **said)


def paths(view: RecordView, texts: Texts, figures: Figures) -> str:
    """What a surplus kWh is worth on each path, the best first; empty where there is nothing to compare."""
    if view.energy_path is None:
        return ""
    given = {name: getattr(view.energy_path, name) for name in PATHS}
    known = {name: worth for name, worth in given.items() if worth is not None}
    if len(known) < 2:  # noqa: PLR2004  one alone is no comparison
        return ""
    worths = [
        texts.say(figures.language, f"path-{name}", worth=figures.value("_ct_kwh", worth))
        for name, worth in sorted(known.items(), key=lambda item: -item[1])
    ]
    return texts.say(figures.language, "paths", worths=", ".join(worths))
