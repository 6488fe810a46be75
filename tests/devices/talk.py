"""Transports that answer what a test says, and remember what they were asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bitgrid.config import LevelConfig
from bitgrid.devices.transport import NO_HEADERS, HttpAnswer

ECO = LevelConfig(name="eco", power_w=800, min_surplus_w=800)
STANDARD = LevelConfig(name="standard", power_w=1300, min_surplus_w=1200)
UNKNOWN = b'{"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1}\0'
FULL = LevelConfig(name="full", power_w=1674, min_surplus_w=1500)


@dataclass
class Bytes:
    """A `ByteExchange`: an answer by command, bytes or a function of the parameter; others are unknown to it."""

    answers: Mapping[str, bytes | Callable[[str], bytes]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: bytes) -> bytes:
        said = json.loads(request)
        parameter = said.get("parameter", "")
        self.asked.append(f"{said['command']} {parameter}".strip())
        answer = self.answers.get(said["command"], UNKNOWN)
        return answer if isinstance(answer, bytes) else answer(parameter)


@dataclass
class Http:
    """An `HttpExchange`: an answer (or what makes one) by method and target; others are not found."""

    answers: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)

    def __call__(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> HttpAnswer:
        assert not body
        assert not headers
        self.asked.append(f"{method} {target}")
        answer = self.answers.get(self.asked[-1], HttpAnswer(404, b"Not Found"))
        answer = answer() if callable(answer) else answer
        return answer if isinstance(answer, HttpAnswer) else HttpAnswer(200, json.dumps(answer).encode())
