"""axe-core, asked of a page in a browser: what there is on it that somebody cannot read, reach or understand."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""The rules of WCAG 2.2, levels A and AA."""
GOOD_PRACTICE = "best-practice"
"""What no level of WCAG asks for, and screen readers go by: one h1, landmarks, headings in order."""


def violations(page: Page, *more: str) -> list[str]:
    """What on this page breaks WCAG 2.2 AA, as axe-core finds it; nothing, on a page for everybody.

    Args:
        page: as it stands now; wait for what it is to show before asking.
        more: further tags of axe-core's, such as `GOOD_PRACTICE`.

    Returns:
        A line for every place: rule, how grave, where, and what is wrong there.
    """
    options = {
        "runOnly": {"type": "tag", "values": [*WCAG, *more]},
        "rules": {"target-size": {"enabled": True}},  # WCAG 2.5.8; axe-core leaves it out unless it is asked for
        "resultTypes": ["violations"],
    }
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}) {' '.join(map(str, node['target']))}: {_why(node)}"
        for rule in found
        for node in rule["nodes"]
    ]


def _why(node: dict[str, list[dict[str, str]]]) -> str:
    return "; ".join(check["message"] for part in ("any", "all", "none") for check in node[part])
