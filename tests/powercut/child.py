"""`python -m powercut.child MODULE:FUNCTION ROOT TOLD`: the process that is recorded plays a scenario.

The scenario is handed the directory and a `Teller`. What it tells stands in the log between the operations, so it
says in time what was promised: a decision is told when `append` has returned.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any


class Teller:
    """The side channel: a file beside the directory, which the shim writes into its log."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, what: str, **facts: Any) -> None:
        """Something is true from here on."""
        os.write(self._handle, json.dumps({"what": what, **facts}).encode())


def main() -> None:
    """Play."""
    module, function = sys.argv[1].split(":")
    play = getattr(importlib.import_module(module), function)
    play(Path(sys.argv[2]), Teller(Path(sys.argv[3])))


if __name__ == "__main__":
    main()
