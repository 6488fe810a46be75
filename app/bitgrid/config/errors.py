"""What can be wrong with a configuration, said so that a person can mend it.

ConfigError                every problem of every file, at once
└─ Problem(…)            one of them: file, line, column, key, what would be right
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Args:
        file: the file's name as the owner knows it, e.g. ``site.yaml``.
        line: line in that file, from 1; 0 when the file as a whole is meant.
        column: column in that line, from 1.
        key: the dotted path of the key, e.g. ``devices.1.port``; empty for the whole file.
        message: what is wrong and what would be right.
    """

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        """In the form that editors and people can follow: ``site.yaml:12:5 devices.1.port: …``."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place} {self.key}: {self.message}" if self.key else f"{place} {self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; nothing was loaded and nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
