"""Names of the topics (the bus contract), and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topics:
    """Topics of one site."""

    site: str

    def telemetry(self, device: str, signal: str) -> str:
        """A measured value; retained for displays, control ignores what is retained."""
        return f"bitgrid/{self.site}/telemetry/{device}/{signal}"

    def load_state(self, load: str) -> str:
        """Level, lease, hold and lockout of a load; retained."""
        return f"bitgrid/{self.site}/state/load/{load}"

    def command(self, load: str) -> str:
        """A command to a load, with its lease; never retained."""
        return f"bitgrid/{self.site}/cmd/load/{load}"

    def health(self, component: str) -> str:
        """A component's health; retained, and its last will."""
        return f"bitgrid/{self.site}/health/{component}"

    @property
    def energy(self) -> str:
        """The EnergyState as the rules see it; retained."""
        return f"bitgrid/{self.site}/state/energy"

    @property
    def decision(self) -> str:
        """Each DecisionEvent; retained."""
        return f"bitgrid/{self.site}/explain/decision"

    @property
    def session(self) -> str:
        """Each ExplainSession: a decision in words."""
        return f"bitgrid/{self.site}/explain/session"

    @property
    def override(self) -> str:
        """A person's wish to start, stop or set a level."""
        return f"bitgrid/{self.site}/cmd/override"

    @property
    def autonomy(self) -> str:
        """A person's wish that the rules do more or less by themselves."""
        return f"bitgrid/{self.site}/cmd/autonomy"

    @property
    def confirm(self) -> str:
        """A person's yes to what waits for it."""
        return f"bitgrid/{self.site}/cmd/confirm"

    @property
    def reload(self) -> str:
        """A wish to read the configuration anew."""
        return f"bitgrid/{self.site}/cmd/reload"

    @property
    def export(self) -> str:
        """A wish to hand out a research bundle."""
        return f"bitgrid/{self.site}/cmd/export"

    @property
    def account(self) -> str:
        """Who may look or ask has changed; to be recorded."""
        return f"bitgrid/{self.site}/cmd/account"

    @property
    def configure(self) -> str:
        """A file of the configuration, to be taken over."""
        return f"bitgrid/{self.site}/cmd/configure"

    @property
    def look(self) -> str:
        """A wish that a device or load is asked now."""
        return f"bitgrid/{self.site}/cmd/look"

    @property
    def scan(self) -> str:
        """A wish that the home's network is asked what is in it."""
        return f"bitgrid/{self.site}/cmd/scan"

    @property
    def scanned(self) -> str:
        """How far a scan is, and what it found."""
        return f"bitgrid/{self.site}/state/scan"

    @property
    def restart(self) -> str:
        """The site has changed: every process starts anew."""
        return f"bitgrid/{self.site}/cmd/restart"

    def event(self, kind: str) -> str:
        """What happened: safety, health, audit."""
        return f"bitgrid/{self.site}/event/{kind}"

    @property
    def estop(self) -> str:
        """Emergency stop: engage or acknowledge."""
        return f"bitgrid/{self.site}/cmd/estop"

    @property
    def ups(self) -> str:
        """The UPS: on battery, online again, or about to shut the computer down."""
        return f"bitgrid/{self.site}/cmd/ups"

    @property
    def reply(self) -> str:
        """Answers to requests."""
        return f"bitgrid/{self.site}/cmd/reply"

    def link(self, what: str) -> str:
        """Between edge and gateway, where the house is on two hosts: ping, pong, request, report."""
        return f"bitgrid/{self.site}/link/{what}"

    def ha(self, *parts: str) -> str:
        """What is said to Home Assistant and by it: a corner of its own, the only one it may speak in."""
        return "/".join((f"bitgrid/{self.site}/ha", *parts))

    def ha_device(self, load: str = "") -> str:
        """Home Assistant's name of the house, or of a load."""
        return f"bitgrid_{self.site}_{load}" if load else f"bitgrid_{self.site}"

    def ha_discovery(self, device: str) -> str:
        """Where a device is made known to Home Assistant, by its rules; retained."""
        return f"homeassistant/device/{device}/config"

    @property
    def ha_birth(self) -> str:
        """Where Home Assistant says ``online`` when it has started."""
        return "homeassistant/status"

    def parse_telemetry(self, topic: str) -> tuple[str, str] | None:
        """Device and signal of a telemetry topic; None for any other topic."""
        prefix = f"bitgrid/{self.site}/telemetry/"
        parts = topic.removeprefix(prefix).split("/")
        return (parts[0], parts[1]) if topic.startswith(prefix) and len(parts) == 2 else None  # noqa: PLR2004  those two

    def last_part(self, topic: str) -> str:
        """The name at a topic's end: a load, a component."""
        return topic.rsplit("/", 1)[1]
