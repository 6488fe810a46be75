"""What a finger, a keyboard and a small screen need of a page in a browser."""

from __future__ import annotations

from typing import Any, cast

from playwright.sync_api import Page

LEAST_TARGET_PX = 44
_TARGETS = """(least) => {
  const every = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";
  const isInSentence = (a) => a.tagName === "A" && getComputedStyle(a).display === "inline"
    && a.parentElement.textContent.trim() !== a.textContent.trim() && a.closest("p, li, dd, td, small") !== null;
  return [...document.querySelectorAll(every)].filter((one) => one.checkVisibility({visibilityProperty: true})
      && !isInSentence(one) && one.tabIndex >= 0).map((one) => {
    const hit = one.matches("[type=checkbox], [type=radio]") ? one.closest("label") ?? one : one;
    const {width, height} = hit.getBoundingClientRect();
    return [one.outerHTML.split(">")[0] + "> " + one.textContent.trim().slice(0, 40), width, height];
  }).filter(([_, width, height]) => width < least - .5 || height < least - .5);
}"""
_WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = (one) => { for (let up = one.parentElement; up; up = up.parentElement)
    if (up !== document.body && getComputedStyle(up).overflowX !== "visible") return true; return false; };
  return [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > width + 1
    && !scrolls(one)).map((one) => one.outerHTML.split(">")[0] + ">");
}"""
_FOCUSED = """() => {
  const one = document.activeElement;
  if (one === null || one === document.body) return null;
  const {top, bottom, left, right, width, height} = one.getBoundingClientRect(), style = getComputedStyle(one);
  const labelled = (one.labels ?? []).length ? one.labels[0].textContent : one.textContent;
  const name = (one.getAttribute("aria-label") ?? labelled).replace(/\\s+/g, " ").trim() || one.name || one.id;
  return {name, tag: one.tagName.toLowerCase(), is_seen: width > 0 && bottom > 0 && right > 0
      && top < innerHeight && left < innerWidth,
    is_marked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== "none"};
}"""


def small_targets(page: Page) -> list[str]:
    """What is to be tapped and is less than 44 px wide or high; links within a sentence may be lower.

    What the keyboard passes by (a slice of a band) is left out: it has its like elsewhere (WCAG 2.5.8).
    """
    found: list[list[Any]] = page.evaluate(_TARGETS, LEAST_TARGET_PX)
    return [f"{what}: {width:.0f} × {height:.0f} px" for what, width, height in found]


def runs_over(page: Page) -> list[str]:
    """What makes the page wider than the screen; tables in a box that scrolls do not."""
    return cast("list[str]", page.evaluate(_WIDER))


def tab_through(page: Page, most: int = 200) -> list[dict[str, Any]]:
    """Press Tab from the page's beginning until it leaves the page.

    Returns:
        Every stop in its order: ``name``, ``tag``, ``is_seen`` (it is on the screen) and ``is_marked`` (the focus
        can be seen).
    """
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    stops: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(_FOCUSED)
        if stop is None:
            return stops
        stops.append(stop)
    raise AssertionError(f"the keyboard never leaves the page: {[stop['name'] for stop in stops[-8:]]}")
