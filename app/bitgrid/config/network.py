"""Addresses of BitGrid's own in site.yaml, and whether an address is this machine's."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bitgrid.config.schema import Host, Identifier, Model, Port

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._/-]{1,250}$")]
OWN_ACCOUNTS = frozenset(
    [
        *("poller", "loads", "guard", "rules", "recorder", "feeds", "explain", "web", "bridge"),
        *("doctor", "ups", "reviver", "backup", "update", "mirror", "link", "gateway"),
    ]
)
"""Names that the house's own processes have at the broker."""


class Peer(Model):
    """Somebody else who may use the appliance's broker, with an account of its own."""

    name: Identifier = Field(description="Its account; of a device, the device's `id`.")
    kind: Literal["home_assistant", "device"] = Field(
        description="`home_assistant`: hears and asks the bridge (`home_assistant.enabled`), and nobody else. "
        "`device`: tells what its profile names, and sees nothing."
    )
    tls: bool = Field(
        default=True,
        description="Whether it speaks TLS. If not, anyone in the network can read its password and its figures.",
    )

    @model_validator(mode="after")
    def _is_no_process(self) -> Self:
        if self.name in OWN_ACCOUNTS:
            raise ValueError(f"{self.name} is a process of the house; name the peer otherwise")
        if self.kind == "home_assistant" and not self.tls:
            raise ValueError("home_assistant may start loads, so it must speak TLS; only a device may go without")
        return self


class Broker(Model):
    """The MQTT broker."""

    host: Host = Field(default="127.0.0.1", description="Its address.")
    port: Port = Field(default=1883, description="Its port.")
    log_in: Literal["none", "password", "certificate"] = Field(
        default="none",
        description="How each process shows who it is: by `broker-<process>` in the secrets' directory with "
        "`user:password`, or by `broker-<process>.crt` and `.key`. An appliance's own broker wants `password`.",
    )
    ca_file: AbsolutePath | None = Field(
        default=None,
        description="Who must have signed the broker's certificate (PEM). Given: the connection is encrypted.",
    )
    peers: list[Peer] = Field(
        default=[], description="Who else may use an appliance's broker. None: it listens on this machine alone."
    )
    tls_port: Port = Field(default=8883, description="Where an appliance's broker hears peers by TLS.")
    plain_port: Port = Field(default=1884, description="Where it hears devices that cannot speak TLS.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.log_in == "certificate" and self.ca_file is None:
            raise ValueError("log_in: certificate needs ca_file, for a certificate is shown by TLS")
        names = [peer.name for peer in self.peers]
        if len(set(names)) != len(names):
            raise ValueError("every peer needs a name of its own")
        ports = [self.port, self.tls_port, self.plain_port]
        if self.peers and len(set(ports)) != len(ports):
            raise ValueError("port, tls_port and plain_port must differ")
        return self


class Gateway(Model):
    """A second host near the devices, with poller, loads and guard; everything else is on the first, the edge."""

    name: Identifier = Field(default="cellar", description="The gateway's account at the edge's broker.")
    edge: Host = Field(description="The edge's address, as the gateway reaches it.")
    port: Port = Field(
        default=8884, description="Where the edge's broker hears the gateway, by TLS and with its own certificate."
    )


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
        default=[],
        description="Names the pages are opened by through a proxy on this machine, such as `bitgrid.local`; with "
        "one, bare addresses are answered too.",
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
