"""The section `home_assistant` of site.yaml: whether Home Assistant is told of the house, and may ask for more."""

from __future__ import annotations

from pydantic import Field

from bitgrid.config.schema import Model


class HomeAssistant(Model):
    """What Home Assistant is told, over the broker, and what it may ask for; docs/home-assistant.md."""

    enabled: bool = Field(
        default=False,
        description="Whether the house shows itself to Home Assistant by MQTT discovery, and takes from it wishes "
        "to stop, start or set a load, and to make a research bundle.",
    )
    autonomy_select: bool = Field(
        default=False,
        description="Whether Home Assistant may also change how much the rules do by themselves; if not, it only "
        "sees it.",
    )
