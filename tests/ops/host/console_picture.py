"""The appliance's screen as a picture for the guide: what the command prints, in the letters of a terminal.

The code for a camera is drawn, two modules a character, for no font has its blocks meet; everything else is text.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

BLOCKS = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
"""Which half of a character is lit, the upper and the lower."""
FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
LINE, LETTER, MODULE, EDGE = 22, 9.1, 6, 24
"""Pixels: of a line, of a letter in the most usual fonts, of a module of the code, around it all."""


def is_code(line: str) -> bool:
    """Whether a line is of the code for a camera, and not words."""
    return bool(line.strip()) and set(line) <= set(BLOCKS)


def picture(told: str, means: str) -> str:
    """An SVG.

    Args:
        told: what is on the screen.
        means: the same in a sentence, for who cannot see it.
    """
    lines = told.rstrip().split("\n")
    words = [line for line in lines if not is_code(line)]
    code = [line for line in lines if is_code(line)]
    width = round(2 * EDGE + max(LETTER * max(map(len, words)), MODULE * max(map(len, code), default=0)))
    top = 2 * EDGE + LINE * len(words)
    height = top + 2 * MODULE * len(code) + (EDGE if code else 0)
    size = f'width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img">',
            f"<title>{escape(means)}</title>",
            f'<rect {size} rx="10" fill="#000"/>',
            f'<g fill="#d8d8d8" font-family="{FONTS}" font-size="15">',
            *_text(words),
            "</g>",
            f'<path fill="#d8d8d8" d="{"".join(_modules(code, top))}"/>',
            "</svg>",
            "",
        ]
    )


def _text(lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if line.strip():
            y = EDGE + LINE * number + 15
            yield f'<text x="{EDGE}" y="{y}" xml:space="preserve">{escape(line, quote=False)}</text>'


def _modules(code: list[str], top: int) -> Iterator[str]:
    """A path of the lit modules, a piece for each that stand beside each other."""
    for number, line in enumerate(code):
        for half in (0, 1):
            lit = "".join("x" if BLOCKS[letter][half] else " " for letter in line)
            y, begin = top + MODULE * (2 * number + half), 0
            while (begin := lit.find("x", begin)) >= 0:
                size = len(lit[begin:]) - len(lit[begin:].lstrip("x"))
                yield f"M{EDGE + MODULE * begin} {y}h{MODULE * size}v{MODULE}h-{MODULE * size}z"
                begin += size
