"""The appliance's broker as in production, on free loopback ports, and clients that see MQTT 5 reason codes."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bitgrid.config import Config
from bitgrid.ops.host.accounts import CERTIFIED, accounts
from bitgrid.ops.host.broker_conf import render_acl, render_broker
from bitgrid.ops.host.certificates import Authority
from bitgrid.ops.host.passwords import password_file
from bitgrid.ops.host.places import HostPlaces, Part
from broker import eventually, free_port

SUCCESS, NO_SUBSCRIBERS, BAD_PASSWORD, NOT_AUTHORIZED = 0, 0x10, 0x86, 0x87


def password_of(account: str) -> str:
    """A test's password for an account."""
    return f"secret of {account}"


@contextmanager
def appliance_broker(config: Config, directory: Path, part: Part = Part.WHOLE) -> Iterator[None]:
    """Mosquitto with what the appliance would write for it, at the ports of the configuration."""
    places = HostPlaces(directory)
    places.broker.mkdir(parents=True)
    granted, gateway = accounts(config, part), config.site.gateway
    hashes = password_file({one.name: password_of(one.name) for one in granted if one.owner != CERTIFIED}, "")
    user = f"user {Path('/proc/self').owner()}\n"
    files = {
        "passwords": hashes,
        "acl": render_acl(granted),
        "mosquitto.conf": render_broker(config.site.broker, places, gateway) + user,
    }
    for name, text in files.items():
        (places.broker / name).write_text(text, encoding="utf-8")
        (places.broker / name).chmod(0o600)
    authority = Authority(places.tls, "bitgrid.local")
    authority.make()
    authority.certify("broker", ["bitgrid.local", "127.0.0.1"])
    if gateway is not None:
        authority.admit(gateway.name)
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    log = (directory / "broker.log").open("w", encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(places.broker / "mosquitto.conf")], stdout=log, stderr=log)
    try:
        listened = [int(port) for port in re.findall(r"^listener (\d+)", files["mosquitto.conf"], re.MULTILINE)]
        assert config.site.broker.port in listened
        eventually(lambda: process.poll() is not None or all(map(_listens, listened)), "the broker listens")
        assert process.poll() is None, (directory / "broker.log").read_text()
        yield
    finally:
        process.kill()
        process.wait()
        log.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ports() -> dict[str, object]:
    """Free ports for every listener."""
    return {"port": free_port(), "tls_port": free_port(), "plain_port": free_port()}


@dataclass(frozen=True)
class Tls:
    """By what a client knows the broker and, where it has a certificate (its key beside it), is known."""

    ca_file: Path
    certificate: Path | None = None

    def context(self) -> ssl.SSLContext:
        """The same for Python."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.certificate.with_suffix(".key"))
        return context


class Talker:
    """A client that waits for the broker's answers and tells their reason codes."""

    def __init__(
        self,
        port: int,
        user: str | None,
        password: str | None,
        tls: Tls | None = None,
        between: tuple[str, str] = ("", "127.0.0.1"),
    ) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, f"test-{uuid.uuid4().hex}", protocol=MQTTv5)
        if user is not None:
            self._client.username_pw_set(user, password)
        if tls is not None:
            self._client.tls_set_context(tls.context())
        self._answered, self._reason = threading.Event(), -1
        self.heard: list[str] = []
        self.assigned_id = ""
        self._client.on_connect = self._on_connect
        self._client.on_publish = lambda _c, _u, _mid, reason, _p: self._on_answer(reason.value)
        self._client.on_subscribe = lambda _c, _u, _mid, reasons, _p: self._on_answer(reasons[0].value)
        self._client.on_message = lambda _c, _u, message: self.heard.append(message.topic)
        self._client.connect(between[1], port, bind_address=between[0])
        self._client.loop_start()
        self.let_in = self._wait()

    def publish(self, topic: str, *, retain: bool = False) -> int:
        """Publish; the reason code of the answer."""
        self._answered.clear()
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = 60
        self._client.publish(topic, b"{}", qos=1, retain=retain, properties=properties)
        return self._wait()

    def subscribe(self, pattern: str) -> int:
        """Subscribe; the reason code of the answer."""
        self._answered.clear()
        self._client.subscribe(pattern, qos=1)
        return self._wait()

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _c: object, _u: object, _f: object, reason: object, properties: object) -> None:
        self.assigned_id = getattr(properties, "AssignedClientIdentifier", "")
        self._on_answer(reason.value)  # type: ignore[attr-defined]  # paho's ReasonCode
        if reason.is_failure:  # type: ignore[attr-defined]  # paho's ReasonCode
            self._client.disconnect()

    def _on_answer(self, reason: int) -> None:
        self._reason = reason
        self._answered.set()

    def _wait(self) -> int:
        assert self._answered.wait(10), "the broker did not answer"
        return self._reason
