"""The bus: topics, message schemas, and one client. What is said between processes is said here.

May touch: the MQTT broker named in site.yaml (`bus.client` alone; importing this package opens nothing).
"""

from bitgrid.bus.messages import (
    AutonomyRequest,
    CommandReply,
    ConfirmRequest,
    Curve,
    DecisionEvent,
    EnergyStateMessage,
    EstopRequest,
    EventMessage,
    ExplainSession,
    ExportRequest,
    Health,
    HealthStatus,
    LedgerHead,
    LoadCommand,
    LoadSafetyEvent,
    LoadState,
    Message,
    OverrideRequest,
    Quality,
    ReloadRequest,
    SignalView,
    Telemetry,
    UpsReport,
    decode,
)
from bitgrid.bus.port import Bus, Handler, Received
from bitgrid.bus.topics import Topics

__all__ = [
    "AutonomyRequest",
    "Bus",
    "CommandReply",
    "ConfirmRequest",
    "Curve",
    "DecisionEvent",
    "EnergyStateMessage",
    "EstopRequest",
    "EventMessage",
    "ExplainSession",
    "ExportRequest",
    "Handler",
    "Health",
    "HealthStatus",
    "LedgerHead",
    "LoadCommand",
    "LoadSafetyEvent",
    "LoadState",
    "Message",
    "OverrideRequest",
    "Quality",
    "Received",
    "ReloadRequest",
    "SignalView",
    "Telemetry",
    "Topics",
    "UpsReport",
    "decode",
]
