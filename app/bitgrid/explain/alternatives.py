"""What would have had to be otherwise: the kernel's verified counterfactuals, said in conditional sentences."""

from __future__ import annotations

from collections.abc import Sequence

from bitgrid.explain.figures import Figures
from bitgrid.explain.language import Language, Texts
from bitgrid.explain.record import AlternativeView
from bitgrid.explain.values import Said

NEAREST = 2
_STEPS = (("_w", 1000.0), ("_ct_kwh", 10.0), ("_pct", 10.0), ("_c", 10.0), ("_s", 60.0), ("_ths", 10.0))
"""What counts as a step of about the same size, by the ending of the input's name: they order unlike inputs."""
_OF_THE_DEVICE = (".power_w", ".hashrate_ths", ".age_s")
"""What nobody in the house can change is said last."""
_METER = ("grid_power_w", "grid_power_60s_w")


def nearest(alternatives: Sequence[AlternativeView], count: int = NEAREST) -> list[AlternativeView]:
    """The changes that ask for least, the nearest first; the meter's two readings count as one."""
    ordered = sorted(alternatives, key=_distance)
    meters = [one for one in ordered if one.input in _METER]
    return [one for one in ordered if one not in meters[1:]][:count]


def condition(one: AlternativeView, texts: Texts, figures: Figures, load: str) -> str:
    """The clause after "if"."""
    language = figures.language
    said: Said = {
        "change": figures.value(one.input, abs(one.change)),
        "value": figures.value(one.input, one.value),
        "way": "more" if one.change > 0 else "less",
    }
    if one.input in _METER:
        return texts.say(language, "if-grid", **_of_meter(one, figures))
    if one.input.endswith(".age_s"):
        return texts.say(language, "if-age", **said)
    return texts.say(language, "if-other", name=_name(one.input, texts, language, load), **said)


def _distance(one: AlternativeView) -> tuple[bool, float]:
    return one.input.endswith(_OF_THE_DEVICE), abs(one.change) / next(
        (step for ending, step in _STEPS if one.input.endswith(ending)), 100.0
    )


def _of_meter(one: AlternativeView, figures: Figures) -> Said:
    """A meter's reading as import or export, without a sign."""
    was_import, is_import = one.present > 0, one.value > 0
    if one.present == 0:
        way = "import" if is_import else "export"
    elif was_import and is_import:
        way = "import-more" if one.change > 0 else "import-less"
    elif was_import or is_import:
        way = "to-import" if is_import else "to-export"
    else:
        way = "export-less" if one.change > 0 else "export-more"
    watts = {"change": one.change, "value": one.value, "present": one.present}
    said: Said = {name: figures.value("power_w", abs(value)) for name, value in watts.items()}
    return said | {"way": way}


def _name(name: str, texts: Texts, language: Language, load: str) -> str:
    key = f"the-load-{name.rsplit('.', 1)[1]}" if "." in name else f"the-{name}"
    return texts.say(language, key, load=load) if texts.knows(language, key) else name
