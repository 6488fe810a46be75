"""Every line of the fail-safe, in the order of ARCHITECTURE.md's "Fail-safe, in depth"; then the bounds."""

from __future__ import annotations

from fail_safe import layer_lines, lease_lines, other_lines
from fail_safe.line import Line

LINES: tuple[Line, ...] = (*lease_lines.LINES, *layer_lines.LINES, *other_lines.LINES)
