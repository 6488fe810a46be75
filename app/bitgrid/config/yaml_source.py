"""YAML read with its places kept, so that an error can name line and column (ruamel.yaml, YAML 1.2)."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from bitgrid.config.errors import ConfigError, Problem

MAX_FILE_BYTES = 1_000_000
MAX_NODES = 100_000
_MERGE = "tag:yaml.org,2002:merge"
_OF_A_VALUE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What ruamel.yaml lets through of a value that begins as a date, a number or a tag does, and is none."""


@dataclass(frozen=True)
class YamlSource:
    """A YAML document: its plain data, and where in the file each key stands."""

    file: str
    data: Any
    root: Any

    def place(self, path: Sequence[int | str]) -> tuple[int, int]:
        """Line and column, from 1, of the deepest part of ``path`` that stands in the file."""
        node, line, column = self.root, 0, 0
        for key in path:
            try:
                if isinstance(node, CommentedMap):
                    line, column = node.lc.key(key)
                elif isinstance(node, CommentedSeq) and isinstance(key, int):
                    line, column = node.lc.item(key)
                else:
                    break
                node = node[key]
            except (IndexError, TypeError):  # its keys came by a merge, which has no places
                break
            except KeyError:
                continue  # not in the file: missing, or a name that a schema has for one of several forms
        return line + 1, column + 1


def read_yaml(path: Path) -> YamlSource:
    """Read one YAML file.

    Raises:
        ConfigError: the file is missing, unreadable, no YAML, or has a key twice.
    """
    file = path.name
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise ConfigError([Problem(file, 0, 0, "", f"is larger than {MAX_FILE_BYTES} bytes")])
        return parse_yaml(file, raw.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError([Problem(file, 0, 0, "", f"is missing from {path.parent}")]) from None
    except OSError as error:
        raise ConfigError([Problem(file, 0, 0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(file, 0, 0, "", f"is not UTF-8 text: {error.reason}")]) from None


def parse_yaml(file: str, text: str) -> YamlSource:
    """Read YAML out of a text; ``file`` is what its problems call it.

    Raises:
        ConfigError: it is no YAML, or has a key twice.
    """
    try:
        root = YAML(typ="rt").load(text)
        data = _plain(root, itertools.count(1))
    except RecursionError:
        raise ConfigError([Problem(file, 0, 0, "", "is nested too deeply, or refers to itself")]) from None
    except YAMLError as error:
        raise ConfigError([_syntax_problem(file, error)]) from None
    except _OF_A_VALUE:
        line, column = _place_of_value(text)
        what = "is no valid YAML here: this begins as a number, a date or a tag, and is none; put it in quotes"
        raise ConfigError([Problem(file, line, column, "", what)]) from None
    return YamlSource(file, data, root)


def _place_of_value(text: str) -> tuple[int, int]:
    """Line and column of the first value that cannot be made one; 0 where that cannot be told."""
    try:
        nodes = [YAML(typ="rt").compose(text)]
    except _OF_A_VALUE:
        return 0, 0
    seen = set[int]()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not isinstance(node, ScalarNode):
            nodes += reversed(list(_parts(node)))
        elif node.tag != _MERGE:
            try:
                YAML(typ="rt").constructor.construct_object(node)
            except _OF_A_VALUE:
                return node.start_mark.line + 1, node.start_mark.column + 1
    return 0, 0


def _parts(node: Node) -> Iterator[Node]:
    for part in node.value:
        yield from part if isinstance(part, tuple) else (part,)


def _syntax_problem(file: str, error: YAMLError) -> Problem:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return Problem(file, 0, 0, "", f"is no valid YAML: {str(error).splitlines()[0]}")
    mark = error.problem_mark
    if isinstance(error, DuplicateKeyError):
        what = str(error.problem).split(" with value")[0].replace("found ", "")
        return Problem(file, mark.line + 1, mark.column + 1, "", f"{what}: a key may stand only once")
    return Problem(file, mark.line + 1, mark.column + 1, "", f"is no valid YAML here: {error.problem}")


def _plain(node: Any, counted: Iterator[int]) -> Any:  # noqa: ANN401  YAML may hold anything; pydantic gives it a type
    """Data without ruamel's wrappers, as pydantic's strict mode wants it; aliases may not multiply without end."""
    if next(counted) > MAX_NODES:
        raise RecursionError
    if isinstance(node, dict):
        return {str(key): _plain(value, counted) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, counted) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node) if math.isfinite(node) else str(node)
    # A day is written out as it was typed, an instant is not; what else there is, is for the schema to refuse.
    is_text = isinstance(node, str | dt.date) and not isinstance(node, dt.datetime)
    return str(node) if is_text else node
