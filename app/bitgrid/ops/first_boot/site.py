"""site.yaml with what the owner said of the house: its comments and everything else stay as they are."""

from __future__ import annotations

import io

from ruamel.yaml import YAML

from bitgrid.ops.first_boot.wishes import Wishes

_WIDTH = 4096


def with_place(text: str, wishes: Wishes) -> str:
    """The text of site.yaml with the owner's name, language, place, time zone and host name, as far as given."""
    place = wishes.site
    yaml = YAML(typ="rt")
    yaml.preserve_quotes, yaml.width = True, _WIDTH
    site = yaml.load(text)
    if place is not None:
        site |= {key: told for key in ("name", "language") if (told := getattr(place, key)) is not None}
        if place.latitude is not None:
            site["location"] |= {"latitude": place.latitude, "longitude": place.longitude}
    if wishes.time_zone:
        site["location"]["timezone"] = wishes.time_zone
    if wishes.hostname is not None and "web" in site:
        # The page answers to the names that stand there, and its certificate is for them.
        # In .local a computer has but one, that of its host name.
        own = f"{wishes.hostname}.local"
        site["web"]["names"] = [
            own,
            *(name for name in site["web"].get("names", []) if not name.endswith(".local")),
        ]
    written = io.StringIO()
    yaml.dump(site, written)
    return written.getvalue()
