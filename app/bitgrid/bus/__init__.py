"""The bus: topics, message schemas, and one client. What is said between processes is said here.

May touch: the MQTT broker named in site.yaml (`bus.client` alone; importing this package opens nothing).
"""

from bitgrid.bus.messages import (
    CommandReply,
    DecisionEvent,
    EnergyStateMessage,
    EstopRequest,
    ExplainSession,
    Health,
    HealthStatus,
    LoadCommand,
    LoadState,
    Message,
    OverrideRequest,
    Quality,
    SignalView,
    Telemetry,
    decode,
)
from bitgrid.bus.port import Bus, Handler, Received
from bitgrid.bus.topics import Topics

__all__ = [
    "Bus",
    "CommandReply",
    "DecisionEvent",
    "EnergyStateMessage",
    "EstopRequest",
    "ExplainSession",
    "Handler",
    "Health",
    "HealthStatus",
    "LoadCommand",
    "LoadState",
    "Message",
    "OverrideRequest",
    "Quality",
    "Received",
    "SignalView",
    "Telemetry",
    "Topics",
    "decode",
]
