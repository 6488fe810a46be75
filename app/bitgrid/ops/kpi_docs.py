"""docs/kpi.md, made from the catalogue: every figure with unit, version, source and its formula in both languages.

``python -m bitgrid.ops.kpi_docs`` prints the page.
"""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

from bitgrid.explain.language import LANGUAGES
from bitgrid.replay.kpi.catalogue import CATALOGUE, GROUPS, Kpi
from bitgrid.replay.kpi.words import Words

_INTRO = """\
# Key figures

Made by `make docs` from the catalogue in `app/bitgrid/replay/kpi/`; not edited by hand.

`bitgrid kpi --from 2025-05-01 --to 2025-06-01` prints them, `--json` for programs with every local day, and
`bitgrid report 2025-05 --out may.html` writes a month as one page to print. `GET /api/v1/kpi?from=…&to=…` answers
the same JSON (at most 366 days; reckoned by a child process at the lowest priority, kept until a block ends). With
`--archive DIR` they are told of an import or of an unpacked bundle; an import knows no decisions.

- Each figure says for what share of the period's blocks it is **known**; nothing is filled in. One that cannot be
  known is `null`, with a reason in words.
- Days and months are the house's own: from local midnight to midnight, 23 or 25 hours long when clocks change. A
  block belongs to the day it begins in. What is not over yet is not due.
- Energies come from the means of ten-minute blocks, so import and export within one block cancel; the meter's own
  counters run both. Sources are the archive's kinds; what is not archived yet comes from the ledger.
- A whole day's sums do not depend on the period they are asked for in, and a period's are its days': the baseline
  begins each day with its measured charge. Sums of archived days are kept in `data/kpi/days.txt` with what they
  follow from; delete it whenever you like, they are then reckoned anew.
- A figure's version rises when its formula changes; figures of two versions are not compared.
"""


def render() -> str:
    """The whole page."""
    return _INTRO + "".join(_group(group) for group in GROUPS)


def _group(group: str) -> str:
    heads = " · ".join(_words(language).t(f"group-{group}") for language in reversed(LANGUAGES))
    return f"\n## {heads}\n" + "".join(_section(kpi) for kpi in CATALOGUE if kpi.group == group)


def _section(kpi: Kpi) -> str:
    unit = f"in {kpi.unit}" if kpi.unit else "a count"
    rows = "".join(
        f"- {language}: **{_words(language).name(kpi)}.** {_words(language).formula(kpi)}\n"
        for language in reversed(LANGUAGES)
    )
    sources = ", ".join(f"`{source}`" for source in kpi.sources)
    return f"\n### `{kpi.name}`\n\n{unit}, version {kpi.version}, from {sources}\n\n{rows}"


def _words(language: str) -> Words:
    return Words.of("de" if language == "de" else "en", ZoneInfo("UTC"))


if __name__ == "__main__":
    sys.stdout.write(render())
