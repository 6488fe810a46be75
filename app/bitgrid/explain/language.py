"""Texts in Project Fluent files, read once: one file a language, or one a language and part."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal, get_args

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

log = logging.getLogger(__name__)


class Texts:
    """The texts of one directory: ``de.ftl`` and ``en.ftl``, and a part's ``<part>.de.ftl`` and ``<part>.en.ftl``.

    Raises:
        ValueError: a file has a part that is not Fluent, or a text that another file has; it names file and text.
    """

    def __init__(self, directory: Path) -> None:
        self._bundles = {language: _bundle(directory, language) for language in LANGUAGES}

    def knows(self, language: Language, key: str) -> bool:
        """Whether there is a text under this key."""
        return self._bundles[language].has_message(key)

    def keys(self, language: Language) -> frozenset[str]:
        """Every key of a language."""
        return frozenset(self._bundles[language]._messages)  # noqa: SLF001  the bundle has no way to list them

    def say(self, language: Language, key: str, /, **values: str | int) -> str:
        """The text under a key. A missing text or value is shown as such and logged, never raised: pages go on."""
        text, complaints = self.attempt(language, key, values)
        if complaints:
            log.warning("text %s (%s): %s", key, language, "; ".join(complaints))
        return text

    def attempt(
        self, language: Language, key: str, values: dict[str, str | int], attribute: str = ""
    ) -> tuple[str, list[str]]:
        """The text of a key (or of its attribute), and what was missing to say it."""
        bundle = self._bundles[language]
        if not bundle.has_message(key):
            return key, [f"no text {key}"]
        message = bundle.get_message(key)
        pattern = message.attributes.get(attribute) if attribute else message.value
        if pattern is None:
            return key, [f"no text {key}.{attribute}"]
        text, errors = bundle.format_pattern(pattern, values)
        return str(text), [str(error) for error in errors]


def _bundle(directory: Path, language: Language) -> FluentBundle:
    bundle = FluentBundle([language], functions={"CAP": _capitalised}, use_isolating=False)
    for path in [directory / f"{language}.ftl", *sorted(directory.glob(f"*.{language}.ftl"))]:
        resource = FluentResource(path.read_text(encoding="utf-8"))
        for entry in resource.body:
            if isinstance(entry, ast.Junk):
                raise ValueError(f"{path.name}: not Fluent: {entry.content!r}; mend or remove it")  # noqa: TRY004  the file's content is wrong
            if isinstance(entry, ast.Message) and bundle.has_message(entry.id.name):
                raise ValueError(f"{path.name}: {entry.id.name} stands in another file too; remove one")
        bundle.add_resource(resource)
    return bundle


def _capitalised(text: Any) -> Any:  # noqa: ANN401  Fluent hands in a string, or its mark for a missing one
    """Fluent function ``CAP``: the text with a capital first letter."""
    return text[:1].upper() + text[1:] if isinstance(text, str) else text
