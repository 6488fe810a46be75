"""Rows of a CSV file, by the standard reader: opened, headed, and what is wrong with them told with its line."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bitgrid.imports.errors import BadSource
from bitgrid.imports.mapping import CsvMap

_LONGEST_LINE_BYTES = 65_536
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " "})


@dataclass
class Rows:
    """An open file.

    Args:
        path: where it is.
        headings: of its columns.
        raw: its bytes, to know how far it is read.
    """

    path: Path
    headings: list[str]
    raw: BinaryIO
    _reader: Iterator[list[str]]
    _skipped: int

    @property
    def line(self) -> int:
        """The line that was read last, from 1."""
        return int(getattr(self._reader, "line_num", 0)) + self._skipped

    def __iter__(self) -> Iterator[list[str]]:
        return (row for row in self._reader if row)

    def index(self, name: str) -> int:
        """Where a column is.

        Raises:
            BadSource: there is none of this name, or more than one.
        """
        if self.headings.count(name) == 1:
            return self.headings.index(name)
        if name in self.headings:
            raise BadSource(f"{self.path}: has {self.headings.count(name)} columns {name!r}; rename all but one")
        near = difflib.get_close_matches(name, self.headings, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "it has: " + ", ".join(map(repr, self.headings[:20]))
        if len(self.headings) == 1:
            hint += " (one column only: see separator in the mapping)"
        raise BadSource(f"{self.path}: has no column {name!r}; {hint}")


@contextmanager
def opened(path: Path, mapping: CsvMap) -> Iterator[Rows]:
    """Open a file and read its headings.

    Raises:
        BadSource: it cannot be read, or a line of it is no CSV.
    """
    rows: Rows | None = None
    encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
    try:
        _refuse_endless_line(path)
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            for _ in range(mapping.skip_lines):
                text.readline()
            reader = csv.reader(text, delimiter=mapping.separator, strict=True)
            rows = Rows(path, [], raw, reader, mapping.skip_lines)
            rows.headings = [heading.strip() for heading in next(reader, [])]
            if not rows.headings:
                raise BadSource(f"{path}: has no line of headings after skip_lines: {mapping.skip_lines}")
            yield rows
    except OSError as error:
        raise BadSource(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeError as error:
        raise BadSource(
            f"{path}: is no text in {mapping.encoding} ({error}); see encoding in the mapping"
        ) from None
    except csv.Error as error:
        raise BadSource(f"{path}: line {rows.line if rows else 1} is no CSV ({error})") from None


def _refuse_endless_line(path: Path) -> None:
    """A first line without end would be read into memory whole."""
    with path.open("rb") as file:
        head = file.read(_LONGEST_LINE_BYTES)
    if len(head) == _LONGEST_LINE_BYTES and b"\n" not in head:
        raise BadSource(
            f"{path}: has no line break in its first {_LONGEST_LINE_BYTES} bytes, so it is no CSV file"
        )


class Numbers:
    """Numbers as the mapping says they are written, and no others."""

    def __init__(self, mapping: CsvMap) -> None:
        self._decimal, self._thousands = mapping.decimal, mapping.thousands
        whole = r"\d+"
        if self._thousands:
            whole = rf"(?:\d+|\d{{1,3}}(?:{re.escape(self._thousands)}\d{{3}})+)"
        self._pattern = re.compile(rf"[+-]?{whole}(?:{re.escape(self._decimal)}\d*)?(?:[eE][+-]?\d+)?", re.ASCII)

    def read(self, text: str) -> float | None:
        """A number; None where the text is none."""
        if not text.isascii():
            text = text.translate(_SPACES)
        if self._pattern.fullmatch(text) is None:
            return None
        if self._thousands:
            text = text.replace(self._thousands, "")
        return float(text.replace(self._decimal, "."))
