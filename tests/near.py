"""JSON near the real thing: after the schema of a model, or after an honest document, and then spoiled.

Mere random text dies at the first check of a parser; what does harm looks almost right.
"""

from __future__ import annotations

import copy
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ODD = [
    math.nan,
    math.inf,
    -math.inf,
    1e308,
    -1e308,
    10**400,
    -(10**18),
    True,
    "NaN",
    "1e999",
    "1_000",
    "٣",
    "",
    "0x10",
]
"""What is taken for a number by one parser and not by the next."""
_DEEP: list[Any] = []
for _ in range(200):
    _DEEP = [_DEEP]
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([*ODD, _DEEP]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
Place = tuple[str | int, ...]


def spoiled(honest: object) -> st.SearchStrategy[bytes]:
    """An honest document in which some values, at any depth, are of any kind, told twice, or gone."""
    places = list(_places(honest))
    change = st.tuples(
        st.sampled_from(places), json_values, st.sampled_from(["put", "put", "put", "drop", "twice"])
    )
    return st.lists(change, max_size=4).map(lambda changes: _text(honest, changes))


def of_schema(schema: dict[str, Any], *, spoil: bool = True) -> st.SearchStrategy[bytes]:
    """A document after a model's JSON schema; ``spoil`` lets any part of it be something else."""
    return _after(schema, schema, spoil=spoil).map(lambda value: json.dumps(value).encode())


def numbers(value: object) -> Iterator[int | float]:
    """Every number in a document, truth values left out."""
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def is_finite(value: object) -> bool:
    """Whether every number in a document can be reckoned with."""
    return all(abs(number) <= sys.float_info.max for number in numbers(value))


def _places(value: object, place: Place = ()) -> Iterator[Place]:
    yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*place, key))


def _text(honest: object, changes: list[tuple[Place, Any, str]]) -> bytes:
    whole = [copy.deepcopy(honest)]
    for place, value, how in changes:
        _change(whole, (0, *place), value, how)
    return json.dumps(whole[0]).replace("~twice", "").encode()


def _change(whole: Any, place: Place, value: Any, how: str) -> None:  # noqa: ANN401  any document
    for key in place[:-1]:
        try:
            whole = whole[key]
        except (LookupError, TypeError):
            return  # an earlier change has taken the place away
    if isinstance(whole, dict):
        if how == "drop":
            whole.pop(place[-1], None)
        else:
            whole[f"{place[-1]}{'~twice' if how == 'twice' else ''}"] = value
    elif isinstance(whole, list) and isinstance(place[-1], int) and place[-1] < len(whole):
        whole[place[-1]] = value


def _after(schema: dict[str, Any], root: dict[str, Any], *, spoil: bool) -> st.SearchStrategy[Any]:
    honest = _honest(schema, root, spoil=spoil)
    return st.one_of(honest, honest, honest, json_values) if spoil else honest


def _honest(schema: dict[str, Any], root: dict[str, Any], *, spoil: bool) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _after(root["$defs"][schema["$ref"].rpartition("/")[2]], root, spoil=spoil)
    if "anyOf" in schema or "oneOf" in schema:
        branches = schema.get("anyOf") or schema["oneOf"]
        return st.one_of([_after(one, root, spoil=spoil) for one in branches])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, root, spoil=spoil)
    return _array(schema, root, spoil=spoil) if kind == "array" else _plain(schema)


def _array(schema: dict[str, Any], root: dict[str, Any], *, spoil: bool) -> st.SearchStrategy[Any]:
    if "prefixItems" in schema:
        return st.tuples(*(_after(part, root, spoil=spoil) for part in schema["prefixItems"])).map(list)
    least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
    return st.lists(_after(schema.get("items", {}), root, spoil=spoil), min_size=least, max_size=most)


def _object(schema: dict[str, Any], root: dict[str, Any], *, spoil: bool) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        inner = schema.get("additionalProperties")
        values = (
            _after(inner, root, spoil=spoil) if isinstance(inner, dict) else json_values if spoil else st.text()
        )
        return st.dictionaries(st.text(max_size=8), values, max_size=3)
    parts = {name: _after(part, root, spoil=spoil) for name, part in schema["properties"].items()}
    needed = set(schema.get("required", [])) if not spoil else set()
    return st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in needed},
        optional={name: part for name, part in parts.items() if name not in needed},
    )


def _plain(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    low, high = schema.get("minimum"), schema.get("maximum")
    plain: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(low, high),
        "number": st.floats(low, high, allow_nan=False, allow_infinity=False),
        "string": st.from_regex(schema["pattern"], fullmatch=True)
        if "pattern" in schema
        else st.text(max_size=12),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(schema.get("type", "null"), st.none())
