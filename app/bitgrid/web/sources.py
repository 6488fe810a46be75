"""Who told a value, in the page's language. Names of services, and what fits no pattern, stay as they are."""

from __future__ import annotations

import re

from bitgrid.web.words import Words

UNDATED = frozenset({"site.yaml", "policies.yaml", "fixed tariff", "time of use"})
"""What the owner wrote down holds until it is changed; it has no age."""
_SAID = {
    r"site\.yaml|fixed tariff": "source-fixed",
    r"time of use": "source-time-of-use",
    r"policies\.yaml": "source-owner",
    r"(?P<name>.+) until (?P<until>.+), then fixed price": "source-until",
    r"fixed price since (?P<since>[^:]+:\d\d[^:]*): (?P<name>.+) has not answered.*": "source-fallback",
    r"clear sky of the roof in site\.yaml": "source-clear-sky",
    r"clear sky, days measured: (?P<days>\d+)": "source-clear-sky-days",
    r"learned from (?P<days>\d+) days?": "source-learned",
}
_TAILS = {
    ", persistence where that was better": "source-persistence",
    " and open-meteo": "source-open-meteo",
}


def in_words(source: str, words: Words) -> str:
    """A source for people."""
    tails: list[str] = []
    for tail, key in reversed(_TAILS.items()):
        if source.endswith(tail):
            source = source.removesuffix(tail)
            tails.insert(0, words.t(key))
    return "".join([_plain(source, words), *tails])


def _plain(source: str, words: Words) -> str:
    for pattern, key in _SAID.items():
        if found := re.fullmatch(pattern, source):
            return words.t(key, **{k: int(v) if v.isdigit() else v for k, v in found.groupdict().items()})
    return source
