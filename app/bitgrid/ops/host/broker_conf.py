"""What the appliance's broker reads: who may come from where, and what each may say. Pure text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bitgrid.bus.messages import MAX_MESSAGE_BYTES
from bitgrid.config.network import Broker, Gateway
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.accounts import Account
from bitgrid.ops.host.places import HostPlaces

MAX_HEADER_BYTES = 1_000
"""What topic and properties add to a message."""
MAX_CONNECTIONS = 20
"""A listener's; the house needs nine."""

_HEAD = """\
# Written anew at every start by `bitgrid host prepare`; changes made here are lost.
# Nothing is kept on disk: control ignores what is retained, and whoever tells a value tells it again.
per_listener_settings false
allow_anonymous false
password_file {broker}/passwords
acl_file {broker}/acl
persistence false
sys_interval 0
max_packet_size {max_bytes}
max_queued_messages 1000
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages true
"""


def render_acl(accounts: Iterable[Account]) -> str:
    """The broker's access list: what is not in it is refused.

    Raises:
        Refusal: a topic would mean something else in that file.
    """
    return "\n".join(_HEADER_OF_ACL + [_grants(account) for account in accounts])


_HEADER_OF_ACL = ["# Written anew at every start by `bitgrid host prepare`, from the bus contract and site.yaml."]


def _grants(account: Account) -> str:
    lines = [f"user {account.name}"]
    for kind, topics in (("read", account.reads), ("write", account.writes)):
        lines += [f"topic {kind} {_plain(topic)}" for topic in topics]
    return "\n".join(lines) + "\n"


def _plain(topic: str) -> str:
    if not topic.isprintable() or topic != topic.strip():
        raise Refusal(f"the topic {topic!r} cannot be written into the broker's access list. Name another.")
    return topic


def render_broker(broker: Broker, places: HostPlaces, gateway: Gateway | None = None) -> str:
    """mosquitto.conf of an appliance; ``gateway`` is heard by its certificate alone."""
    head = _HEAD.format(broker=places.broker, max_bytes=MAX_MESSAGE_BYTES + MAX_HEADER_BYTES)
    return head + "".join(_listeners(broker, places)) + (_for_gateway(gateway, places) if gateway else "")


def _listeners(broker: Broker, places: HostPlaces) -> Iterator[str]:
    """This machine; peers by TLS; devices without TLS. The last two only where somebody is declared."""
    yield _listener(f"{broker.port} {broker.host}")
    if any(peer.tls for peer in broker.peers):
        yield _listener(
            str(broker.tls_port), "use_username_as_clientid true", *_keys(places), "tls_version tlsv1.2"
        )
    if any(not peer.tls for peer in broker.peers):
        yield _listener(str(broker.plain_port), "use_username_as_clientid true")


def _for_gateway(gateway: Gateway, places: HostPlaces) -> str:
    """Its account is whom its certificate names, so there is no password to lose."""
    shown = (f"cafile {places.tls}/ca.crt", "require_certificate true", "use_identity_as_username true")
    return _listener(str(gateway.port), *_keys(places), "tls_version tlsv1.3", *shown)


def _keys(places: HostPlaces) -> tuple[str, str]:
    return f"certfile {places.tls}/broker.crt", f"keyfile {places.tls}/broker.key"


def _listener(where: str, *lines: str) -> str:
    """A listener; from elsewhere a client's id is its account's name, so that none can pass for another."""
    return "\n".join(["", f"listener {where}", f"max_connections {MAX_CONNECTIONS}", *lines, ""])
