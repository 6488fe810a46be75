"""Every name is there in both languages, and no text is there for nothing."""

from __future__ import annotations

import re
from pathlib import Path

from bitgrid.explain import LANGUAGES, Texts
from bitgrid.ha.discovery import messages
from bitgrid.ha.phrases import TEXTS_DIRECTORY
from ha.house import phrases_of, with_home_assistant

ROOM = Path(TEXTS_DIRECTORY).parent


def test_both_languages_have_the_same_texts() -> None:
    texts = Texts(TEXTS_DIRECTORY)
    assert texts.keys("de") == texts.keys("en")


def test_no_name_is_the_key_of_a_missing_text() -> None:
    for language in LANGUAGES:
        for more in ({}, {"autonomy_select": True, "research": True}):
            config = with_home_assistant(language=language, **more)
            for _topic, message in messages(config, phrases_of(config)):
                named = [one for one in message["components"].values() if "name" in one]
                said = [one["name"] for one in named] + [word for one in named for word in one.get("options", [])]
                assert [text for text in said if re.match(r"(entity|status|autonomy)-", text)] == []


def test_every_text_is_said_somewhere() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    config = with_home_assistant()
    shown = {
        f"entity-{key}"
        for config in (config, with_home_assistant(autonomy_select=True, research=True))
        for _topic, message in messages(config, phrases_of(config))
        for key, one in message["components"].items()
        if "name" in one
    }
    families = {f"autonomy-{name}" for name in ("manual", "assisted", "semi", "full")}
    families |= {f"status-{name}" for name in ("ok", "warn", "error")}
    rest = Texts(TEXTS_DIRECTORY).keys("en") - shown - families
    unsaid = [key for key in rest if f'"{key}"' not in code and f'"{key.removeprefix("answer-")}"' not in code]
    assert unsaid == []
