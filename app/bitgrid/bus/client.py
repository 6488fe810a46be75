"""The MQTT 5 client: connects by itself, comes back by itself, keeps nothing for later.

A clean session and no queue on purpose: a command that waited for the broker is a command of the past.
"""

from __future__ import annotations

import logging
import threading

from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTv5,
    topic_matches_sub,
)
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bitgrid.bus.access import Access
from bitgrid.bus.port import Handler, Received, Sayable

log = logging.getLogger(__name__)

KEEP_ALIVE_S = 15


class MqttBus:
    """A connection to the broker, with a last will on the component's health topic.

    Args:
        component: this client's name, e.g. ``poller``.
        host: broker address.
        port: broker port.
        will_topic: mostly the component's health topic; None for a caller who comes and goes.
        will: what the broker says there when this client vanishes.
        speed: seconds of the house per second of the machine, for message expiry.
        access: how it is let in, and whether by TLS.

    Raises:
        OSError: a certificate that ``access`` names cannot be used.
    """

    def __init__(  # noqa: PLR0913  one connection has this many sides
        self,
        component: str,
        host: str,
        port: int,
        *,
        will_topic: str | None = None,
        will: Sayable | None = None,
        speed: float = 1.0,
        access: Access | None = None,
    ) -> None:
        self._host, self._port, self._speed = host, port, speed
        self._connected = threading.Event()
        self._handlers: list[tuple[str, Handler]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, f"bitgrid-{component}", protocol=MQTTv5)
        if will_topic is not None and will is not None:
            self._client.will_set(will_topic, will.encode(), qos=1, retain=True)
        (access or Access()).apply(self._client)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(min_delay=1, max_delay=5)

    @property
    def is_connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._connected.is_set()

    def start(self) -> None:
        """Begin to connect, in the background, until it succeeds."""
        self._client.connect_async(self._host, self._port, KEEP_ALIVE_S, clean_start=True)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye properly; the last will is not sent."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(
        self, topic: str, message: Sayable, *, retain: bool = False, expiry_s: float | None = None
    ) -> None:
        """Send a message; see `Bus.publish`."""
        if not self._connected.is_set():
            return
        properties = None
        if expiry_s is not None:
            if expiry_s <= 0:
                return
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's, without types
            properties.MessageExpiryInterval = max(1, round(expiry_s / self._speed))
        self._client.publish(topic, message.encode(), qos=0, retain=retain, properties=properties)

    def subscribe(self, pattern: str, handler: Handler) -> None:
        """Register a handler; see `Bus.subscribe`."""
        self._handlers.append((pattern, handler))
        if self._connected.is_set():
            self._client.subscribe(pattern)

    def _on_connect(
        self, client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _props: object
    ) -> None:
        if reason.is_failure:
            log.warning("broker refused the connection: %s", reason)
            return
        self._connected.set()  # first: what is subscribed in another thread meanwhile is in the list, or sees this
        for pattern, _handler in list(self._handlers):
            client.subscribe(pattern)
        log.info("connected to the broker at %s:%d", self._host, self._port)

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _props: object
    ) -> None:
        self._connected.clear()
        if reason.is_failure:  # leaving by oneself is none
            log.warning("lost the broker: %s", reason)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        received = Received(message.topic, bytes(message.payload), retained=bool(message.retain))
        for pattern, handler in list(self._handlers):
            if topic_matches_sub(pattern, message.topic):
                _hand_over(handler, received)


def _hand_over(handler: Handler, received: Received) -> None:
    """What a handler raises would end the network's thread, and with it everything this process hears."""
    try:
        handler(received)
    except Exception:  # whatever it is, it ends one message and not the hearing
        log.exception("a message on %s could not be handled", received.topic)
