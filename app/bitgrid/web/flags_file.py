"""flags.yaml with one switch set otherwise, comments and order kept. Reads; `rules` writes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

FILE = "flags.yaml"


def research_switched(directory: Path, *, is_on: bool) -> tuple[str, str]:
    """The file's new text, and the SHA-256 of the one it was made of.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no YAML, or no mapping.
    """
    raw = (directory / FILE).read_bytes()
    yaml = YAML()
    yaml.preserve_quotes = True
    try:
        told = yaml.load(raw)
    except YAMLError as error:
        raise ValueError(str(error)) from error
    if not isinstance(told, dict):
        raise ValueError("it is no mapping of keys to values")  # noqa: TRY004  the file's content is wrong
    told["research"] = is_on
    out = io.StringIO()
    yaml.dump(told, out)
    return out.getvalue(), hashlib.sha256(raw).hexdigest()
