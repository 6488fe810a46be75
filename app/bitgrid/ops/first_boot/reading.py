"""Reading what lies on the boot partition, as people's computers write it: BOM, CRLF, a second file extension."""

from __future__ import annotations

import codecs
import dataclasses
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.tokens import KeyToken, ScalarToken, ValueToken

from bitgrid.config.errors import ConfigError, Problem
from bitgrid.config.files import check
from bitgrid.config.yaml_source import YamlSource, parse_yaml
from bitgrid.ops.first_boot.wishes import Wishes

NAME = "bitgrid.yaml"
MAX_BYTES = 65_536
TAKEN = ".taken"
_NEARLY = re.compile(r"bitgrid([ _-]*(\(\d+\)|copy|kopie)[^.]*)?(\.[^.]+){0,3}")
_GIVEN = re.compile(r" \(given: .*\)$", re.DOTALL)
"""Never repeated: a password or a private key may stand anywhere, in error."""
_BLANKS = re.compile(r"^[^:\"'#\n]*?([\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000])", re.MULTILINE)
"""What looks like a blank before a key's end, and is none to YAML."""
_TYPOGRAPHIC = re.compile("[“”„‟]")
_NO_YAML = "is no valid YAML"
_ANOTHER = "means something else here than what is written; put it in quotes, '…', in one line"
_QUOTING = "a value with one of * & ! % @ ` # : in it must be in quotes"
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
    if near := copies(boot):
        again = ", or take it off the card if it is of before" if (boot / f"{NAME}{TAKEN}").exists() else ""
        raise _wrong(
            f"is not there, but {near[0]} is. Rename it to {NAME}{again}; "
            "computers add numbers, and hide second endings"
        )
    return None


def copies(boot: Path) -> list[str]:
    """Names beside the owner's file that nearly are its own: of copies, which hold what it held."""
    return sorted(path.name for path in boot.iterdir() if _is_nearly(path.name.lower()))


def read(path: Path) -> Wishes:
    """What the owner wishes.

    Raises:
        ConfigError: every problem of the file with its line; no secret is repeated in it.
    """
    try:
        text = text_of(path)
    except ConfigError as error:
        raise without_secrets(error) from None
    try:
        source = parse_yaml(path.name, text)
        wishes = check(source, Wishes)
    except ConfigError as error:
        raise ConfigError([*without_secrets(error).problems, *_typographic(path.name, text)]) from None
    if others := list(_read_as_another(source, text)):
        raise ConfigError(others)
    return wishes


def without_secrets(error: ConfigError) -> ConfigError:
    """The same problems as they may be shown on a screen, and written onto a card that anybody can read."""
    problems = [_without_secret(problem) for problem in error.problems]
    return ConfigError([problem for problem in problems if problem.message])


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
        text = "\0"
    if "\0" in text:
        raise _wrong('is no text in UTF-8. Save it anew, in Notepad with "Encoding: UTF-8"', name)
    if text.startswith("{\\rtf"):
        raise _wrong("is no plain text. In TextEdit: Format, Make Plain Text; then save it anew", name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        raise ConfigError([_problem(name, text, text.index("\t"), "has a tab in it; YAML wants spaces")])
    if strange := _BLANKS.search(text):
        message = f"has a blank of another kind in it (U+{ord(strange[1]):04X}); type a plain one"
        raise ConfigError([_problem(name, text, strange.start(1), message)])
    return text


def _read_as_another(source: YamlSource, text: str) -> Iterator[Problem]:
    """What of the wireless network YAML takes for something else than was typed, without a word."""
    wifi, rows, typed = source.data.get("wifi") or {}, text.split("\n"), _typed(text)
    for key in (one for one in ("name", "password") if one in wifi):
        line, column = source.place(("wifi", key))
        place, row = (source.file, line, column, f"wifi.{key}"), rows[line - 1]
        if re.search(rf"^\s*{key}\s*:\s+[^\s\"'#].*\s#", row):
            yield Problem(*place, "ends before the #, with which a remark begins; put it in quotes, '…'")
        elif typed.get((line, column), wifi[key]) != wifi[key]:
            yield Problem(*place, _ANOTHER)
        if re.search(rf'{key}"?\s*:\s+"[^"]*\\', row):
            yield Problem(*place, "has a \\ in it, which means something else between \"…\"; put it between '…'")


def _typed(text: str) -> dict[tuple[int, int], str]:
    """By the place of its key, line and column from 1: each value that stands in no quotes, or not in one line."""
    found: dict[tuple[int, int], str] = {}
    rows, key = text.split("\n"), None
    for before, token in itertools.pairwise(YAML(typ="rt").scan(text)):
        begin, end = token.start_mark, token.end_mark
        if isinstance(before, KeyToken):
            key = begin
        elif isinstance(before, ValueToken) and key is not None:
            is_in_one_line = begin.line == end.line
            is_quoted = isinstance(token, ScalarToken) and token.style in {"'", '"'}
            if not (is_quoted and is_in_one_line):
                written = rows[begin.line][begin.column : end.column] if is_in_one_line else ""
                found[(key.line + 1, key.column + 1)] = written
    return found


def _without_secret(problem: Problem) -> Problem:
    """The problem in words for who wrote the file; with an empty message where it is but the other half of one."""
    # A key that lacks its blank (`password:secret`) has the value in its name.
    parts = [re.split(r"[^A-Za-z0-9_]", part, maxsplit=1)[0] for part in problem.key.split(".") if "[" not in part]
    message = _GIVEN.sub("", problem.message)
    if message.startswith(_NO_YAML) or "stand only once" in message:
        message = _of_syntax(message)
    elif message.startswith("extra key; known"):
        parts = parts[:-1]  # it is like none of them: it may be the secret itself
    elif "literal[" in problem.key:
        message = ""  # `network` is a section or a word: of the section enough was said
    elif "should be a valid dict" in message:
        message = "must be a section: its keys on lines of their own below it, each moved in by two blanks"
    elif "should be a valid list" in message:
        message = "must be a list: each on a line of its own below it, that begins with a hyphen"
    elif "should be a valid string" in message:
        is_number = _GIVEN.search(problem.message) is not None
        message = "must be in quotes, for it looks like a number" if is_number else "must be a text, in quotes"
    elif "should be a valid number" in message:
        message = "must be a number, with a point and without quotes, such as 52.5"
    elif parts == ["schema"] and "input should be" in message:
        message = "must be 1, as this is the first shape of this file: schema: 1"
    return dataclasses.replace(problem, key=".".join(parts), message=message)


def _of_syntax(message: str) -> str:
    """Of what a parser says only that which repeats nothing of the text."""
    if message.endswith("put it in quotes"):
        return message
    if any(word in message for word in ("alias", "anchor", "tag", "token", "directive", "escape")):
        return f"{_NO_YAML} here: {_QUOTING}"
    if "stand only once" in message:
        return "stands there twice: a key may stand only once"
    return f"{message}. Is there a blank after each colon? And {_QUOTING}"


def _typographic(name: str, text: str) -> list[Problem]:
    found = _TYPOGRAPHIC.search(text)
    if found is None:
        return []
    message = f'has a typographic quote here ({found[0]}); type a plain one on both sides: "'
    return [_problem(name, text, found.start(), message)]


def _problem(name: str, text: str, place: int, message: str) -> Problem:
    """One at a place of the text."""
    return Problem(name, text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place), "", message)


def _is_nearly(name: str) -> bool:
    """Whether it is the owner's file by another name, with a second ending or as a copy."""
    return name != NAME and _NEARLY.fullmatch(name) is not None and not name.endswith(TAKEN)


def _wrong(message: str, name: str = NAME) -> ConfigError:
    return ConfigError([Problem(name, 0, 0, "", message)])
