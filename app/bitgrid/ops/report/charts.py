"""The report's charts, drawn by pygal as SVG without script, so that they print as they are seen."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import pygal  # type: ignore[import-untyped]  # the package has no types
from pygal.style import Style  # type: ignore[import-untyped]  # the package has no types

# pygal hooks itself into every import, for its plug-ins, in a form that Python 3.11 warns of and 3.12 ignores.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

WIDTH, HEIGHT = 900, 280
_INK, _FAINT = "#333333", "#d9d9d9"
SUN, HOUSE, LOADS, GRID, FED_IN = "#e6a817", "#6b7a8f", "#2a7f62", "#b23a48", "#9db4c0"
_SCRIPT = re.compile(r"<script.*?</script>|<!--.*?-->", re.DOTALL)

Values = Sequence[float | None]


def stacked(labels: Sequence[str], series: Sequence[tuple[str, str, Values]], unit: str) -> str:
    """Bars on top of each other, a bar a day.

    Args:
        labels: of the days.
        series: name, colour and values; None leaves the day empty, it is not 0.
        unit: of the values.
    """
    return _drawn(pygal.StackedBar, labels, series, unit)


def grouped(labels: Sequence[str], series: Sequence[tuple[str, str, Values]], unit: str) -> str:
    """Bars beside each other; as above."""
    return _drawn(pygal.Bar, labels, series, unit)


def _drawn(
    kind: type[pygal.Graph], labels: Sequence[str], series: Sequence[tuple[str, str, Values]], unit: str
) -> str:
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground=_INK,
        foreground_strong=_INK,
        foreground_subtle=_FAINT,
        opacity="1",
        font_family="inherit",
        colors=tuple(colour for _name, colour, _values in series),
        label_font_size=11,
        major_label_font_size=11,
        legend_font_size=12,
        no_data_font_size=16,
    )
    chart = kind(
        style=style,
        width=WIDTH,
        height=HEIGHT,
        js=(),
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        legend_box_size=11,
        margin=6,
        spacing=6,
        show_minor_x_labels=True,
        value_formatter=lambda value: f"{value:g} {unit}",
        no_data_text="–",
        disable_xml_declaration=True,
    )
    chart.x_labels = list(labels)
    for name, _colour, values in series:
        chart.add(name, list(values))
    svg: str = chart.render(is_unicode=True)
    return _SCRIPT.sub("", svg)
