"""Reading what lies on the boot partition, as people's computers write it: BOM, CRLF, a second file extension."""

from __future__ import annotations

import codecs
import dataclasses
import re
from pathlib import Path

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.files import check
from bitgrid.config.yaml_source import parse_yaml
from bitgrid.ops.first_boot.wishes import Wishes

NAME = "bitgrid.yaml"
MAX_BYTES = 65_536
_SECRETS = frozenset({"password"})
_GIVEN = re.compile(r" \(given: .*\)$", re.DOTALL)
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def find(boot: Path) -> Path | None:
    """The owner's file on the boot partition, in whatever capitals; None where there is none.

    Raises:
        ConfigError: there are several, or only one whose name was changed by the computer that wrote it.
    """
    known = sorted(path for path in boot.iterdir() if path.is_file() and path.name.lower() == NAME)
    if len(known) > 1:
        raise _wrong(f"stands there {len(known)} times, as {' and '.join(path.name for path in known)}; keep one")
    if known:
        return known[0]
    near = sorted(path.name for path in boot.iterdir() if _is_nearly(path.name.lower()))
    if near:
        raise _wrong(f"is not there, but {near[0]} is. Rename it to {NAME}; computers hide second endings")
    return None


def read(path: Path) -> Wishes:
    """What the owner wishes.

    Raises:
        ConfigError: every problem of the file with its line; no secret is repeated in it.
    """
    try:
        return check(parse_yaml(path.name, text_of(path)), Wishes)
    except ConfigError as error:
        raise without_secrets(error) from None


def without_secrets(error: ConfigError) -> ConfigError:
    """The same problems as they may be shown on a screen, and written onto a card that anybody can read."""
    return ConfigError([_without_secret(problem) for problem in error.problems])


def text_of(path: Path) -> str:
    """A file's text, however it was saved.

    Raises:
        ConfigError: it cannot be read, or is not what is meant.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _wrong(f"cannot be read: {error.strerror}. Is the card sound?", path.name) from None
    if len(raw) > MAX_BYTES:
        raise _wrong(f"is larger than {MAX_BYTES} bytes, so it is not what is meant", path.name)
    return _text(raw, path.name)


def _text(raw: bytes, name: str) -> str:
    encoding = next((known for bom, known in _BOMS.items() if raw.startswith(bom)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise _wrong('is no text in UTF-8. Save it anew, in Notepad with "Encoding: UTF-8"', name) from None
    if "\t" in text:
        line = text[: text.index("\t")].count("\n") + 1
        raise ConfigError([Problem(name, line, 1, "", "has a tab in it; YAML wants spaces")])
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_secret(problem: Problem) -> Problem:
    message = problem.message
    if any(word in message for word in ("alias", "anchor", "tag", "token", "directive")):
        message = "is no valid YAML here: a value with one of * & ! % @ ` # : in it must be in quotes"
    elif problem.key.rsplit(".", 1)[-1] in _SECRETS:
        message = _GIVEN.sub("", message)
    if "should be a valid string" in message:
        message = "must be in quotes, for it looks like a number"
    return dataclasses.replace(problem, message=message)


def _is_nearly(name: str) -> bool:
    return name.startswith("bitgrid") and name.endswith((".yaml.txt", ".yml", ".yaml.rtf", ".txt", ".yaml.yaml"))


def _wrong(message: str, name: str = NAME) -> ConfigError:
    return ConfigError([Problem(name, 0, 0, "", message)])
