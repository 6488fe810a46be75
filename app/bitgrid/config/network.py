"""Addresses of BitGrid's own in site.yaml, and whether an address is this machine's."""

from __future__ import annotations

import ipaddress

from pydantic import Field

from bitgrid.config.schema import Host, Model, Port


class Broker(Model):
    """The MQTT broker."""

    host: Host = Field(default="127.0.0.1", description="Its address.")
    port: Port = Field(default=1883, description="Its port.")


class WebServer(Model):
    """Where the pages are served."""

    host: Host = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8080, description="Port to listen on.")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told without asking a name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
