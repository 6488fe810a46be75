"""The house's truth as JSON, in the places where a profile looks for it.

That the places are right is not its business: what real devices answer stands in the tests of the profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitgrid.config.profiles import JsonPoint, TopicPoint

Node = dict[str, Any]


def raw_figures(points: Sequence[JsonPoint] | Sequence[TopicPoint], value: float) -> list[float]:
    """What stands at each point so that their sum is the value: all of it at the first, nothing at the others."""
    return [
        round(((value if place == 0 else 0.0) - point.offset) / point.scale, 3)
        for place, point in enumerate(points)
    ]


def put(document: Node, pointer: str, value: object) -> None:
    """Write a value at a pointer (RFC 6901), with all that leads there."""
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for part in way:
        document = document.setdefault(part, {})
    document[last] = value


def with_lists(node: Any) -> Any:  # noqa: ANN401  any JSON
    """The document with every object whose keys count from 0 as the list that it stands for."""
    if not isinstance(node, dict):
        return node
    parts = {key: with_lists(value) for key, value in node.items()}
    if parts and set(parts) == {str(number) for number in range(len(parts))}:
        return [parts[str(number)] for number in range(len(parts))]
    return parts
