"""Records of decisions and events under other names: what the kernel would have written of the renamed house.

A record is changed in its names alone. Where the kernel sorts by name, the new names are sorted anew, so that the
renamed record is derived from the renamed state byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from bitgrid.config.signals import SignalName
from bitgrid.kernel import Action, Code, Policy, Quality, Rule, Trigger, Vote
from bitgrid.kernel.value import PATHS
from bitgrid.research.errors import NotPseudonymous
from bitgrid.research.names import FEEDS, SIGNALS, SOURCES, Names

_Json = dict[str, Any]
_WORDS = (
    {str(word) for words in (Action, Code, Policy, Quality, Rule, Trigger, Vote) for word in words}
    | {*PATHS, *get_args(SignalName), "off"}
    | {"surplus_w", "predicted_surplus_w", "blocks_since", "blocks_waited", "starts"}
    | FEEDS
    | SOURCES
    | SIGNALS
)
_OURS = re.compile(r"((load|device|level|source)_\d+|load_\d+\.[a-z0-9_]+|[0-9a-f]{64})")
_KEY = re.compile(r"(load_\d+\.)?[a-z0-9_]+")
_EVENT_WORD = re.compile(r"[A-Za-z][A-Za-z_]{0,40}")
_EVENT_WORDS = frozenset({"what", "cause"})
_HASHES = frozenset({"from", "to", "config_hash"})
REMOVED = "removed"
"""Stands where an event had a text of somebody's: who asked, why, or in whose words."""


class Renaming:
    """Renames records.

    Args:
        names: the pseudonyms.
        configurations: the new hash of each configuration, by its hash.
    """

    def __init__(self, names: Names, configurations: Mapping[str, str]) -> None:
        self.names, self._configurations = names, configurations

    def decision(self, record: _Json) -> _Json:
        """A decision with state and memory.

        Raises:
            NotPseudonymous: it holds a text or key that nobody expected there, or names an unknown configuration.
        """
        renamed = {
            **record,
            "decision": self._decision(record["decision"]),
            "memory": self._memory(record["memory"]),
            "state": self._state(record["state"]),
        }
        for path, text in _texts(renamed, ""):
            if text not in _WORDS and not _OURS.fullmatch(text):
                raise NotPseudonymous(
                    f"a decision's {path} is a text that cannot be replaced, so nothing was handed out"
                )
        return renamed

    def event(self, record: _Json) -> _Json:
        """An event: its figures and what it was; who asked and free texts are removed."""
        return {_event_key(key): self._event_value(key, value) for key, value in record.items()}

    def _event_value(self, key: str, value: Any) -> Any:  # noqa: ANN401  JSON
        if isinstance(value, list):
            return [self._event_value(key, inner) for inner in value]
        if isinstance(value, dict):
            return self.event(value)
        return self._event_text(key, value) if isinstance(value, str) else value

    def _event_text(self, key: str, text: str) -> str:
        if key == "load":
            return self.names.load(text)
        if key == "source":
            return self.names.source(text)
        if key == "level":
            return self.names.level(text)
        if key == "decision":
            return self.names.decision_id(text) or REMOVED
        if key in _HASHES:
            return self._configurations.get(text, REMOVED)
        return text if key in _EVENT_WORDS and _EVENT_WORD.fullmatch(text) else REMOVED

    def _decision(self, decision: _Json) -> _Json:
        names = self.names
        return {
            **decision,
            "load": names.load(decision["load"]),
            "level": names.level(decision["level"]),
            "level_before": names.level(decision["level_before"]),
            "degraded": sorted(map(names.known_signal, decision["degraded"])),
            "votes": [{**vote, "level": self._level(vote["level"])} for vote in decision["votes"]],
            "config_hash": self._configuration(decision["config_hash"]),
        }

    def _memory(self, memory: _Json) -> _Json:
        wish = memory["override"]
        override = None if wish is None else {**wish, "level": self._level(wish["level"])}
        return {**memory, "level": self.names.level(memory["level"]), "override": override}

    def _state(self, state: _Json) -> _Json:
        names = self.names
        signals = state["signals"].items()
        return {
            **state,
            "signals": {
                names.known_signal(name): {**signal, "source": names.source(signal["source"])}
                for name, signal in signals
            },
            "required": sorted(map(names.known_signal, state["required"])),
            "load_ids": [names.load(name) for name in state["load_ids"]],
            "confirmation": self._level(state["confirmation"]),
            "config_hash": self._configuration(state["config_hash"]),
        }

    def _level(self, level: str | None) -> str | None:
        return None if level is None else self.names.level(level)

    def _configuration(self, config_hash: str) -> str:
        if config_hash not in self._configurations:
            raise NotPseudonymous(
                f"a decision was made by the configuration {config_hash[:12]}…, which the ledger does not have; "
                "without it its names cannot be replaced. Choose a period without it"
            )
        return self._configurations[config_hash]


def _event_key(key: str) -> str:
    """A key; one that is no plain word is no key of the product's."""
    return key if _KEY.fullmatch(key) else REMOVED


def _texts(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text with where it stands; a key that is not a plain word or a renamed load's counts as one."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, list):
        for inner in node:
            yield from _texts(inner, path)
    elif isinstance(node, dict):
        for key, inner in node.items():
            if not _KEY.fullmatch(key):
                yield f"{path} (a key)", key
            yield from _texts(inner, f"{path}.{key}".lstrip("."))
