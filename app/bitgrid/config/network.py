"""Addresses of BitGrid's own in site.yaml, and whether an address is this machine's."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self

from pydantic import Field, model_validator

from bitgrid.config.schema import Host, Model, Port


class Broker(Model):
    """The MQTT broker."""

    host: Host = Field(default="127.0.0.1", description="Its address.")
    port: Port = Field(default=1883, description="Its port.")


class WebServer(Model):
    """Where the pages are served."""

    host: Host = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8080, description="Port to listen on.")
    login: Literal["none", "required"] = Field(
        default="none",
        description="Whether people must log in and machines send a token; none is for a page that only this "
        "machine reaches.",
    )
    proxy: bool = Field(
        default=False,
        description="Whether a proxy on this machine passes requests on to it, over TLS; wants login: required.",
    )
    names: list[Host] = Field(
        default_factory=list, description="Further names that it is reached by, such as bitgrid.local."
    )

    @model_validator(mode="after")
    def _outsiders_log_in(self) -> Self:
        if self.login == "none" and (self.proxy or not is_loopback(self.host)):
            raise ValueError("others than this machine could reach the page: set login: required")
        return self


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told without asking a name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
