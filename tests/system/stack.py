"""The whole house as `make run` starts it, in a directory of its own, seen from outside: bus, REST, devices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from bitgrid.bus import (
    CommandReply,
    DecisionEvent,
    Health,
    HealthStatus,
    OverrideRequest,
    Received,
    Topics,
    decode,
)
from bitgrid.bus.client import MqttBus
from bitgrid.clock import SystemClock
from bitgrid.config import Config, load_config
from bitgrid.devices.ports import MinerReading
from bitgrid.devices.registry import build_miner
from bitgrid.ops.supervisor_client import ProgramInfo, Supervisor, SupervisorAway
from bitgrid.plant.control import PlantControl
from bitgrid.store import Ledger
from broker import eventually

READY_S = 60.0
OFF_W = 50


class Stack:
    """A running house.

    Args:
        var: where everything it makes goes.
        speed: seconds of the house per second.
        options: more options of `bitgrid run`.
    """

    def __init__(self, var: Path, speed: float, *options: str) -> None:
        self.speed, self.var = speed, var
        command = [
            str(Path(sys.executable).with_name("bitgrid")),
            "run",
            "--var",
            str(var),
            "--speed",
            str(speed),
            *options,
        ]
        self._log = var.parent / "run.log"
        with self._log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        eventually(self._is_ready, "the house is ready", READY_S)
        self.card: dict[str, Any] = json.loads(self._card_path().read_text())
        self.run_directory = Path(self.card["run"])
        self.config: Config = load_config(Path(self.card["config"]))
        self.plant = PlantControl(self.run_directory / "plant.sock")
        self.supervisor = Supervisor(self.run_directory / "supervisor.sock")
        self.machine = SystemClock()
        self.decisions: list[dict[str, Any]] = []
        self.replies: list[CommandReply] = []
        self._listen()

    # -- looking ------------------------------------------------------------------------------------------

    @property
    def miner_w(self) -> float:
        """What the miner truly draws, W."""
        return float(self.plant.status()["loads"]["miner"]["power_w"])

    @property
    def switches(self) -> list[tuple[str, str]]:
        """Action and code of every decision that switched."""
        return [(record["action"], record["code"]) for record in self.decisions if record["action"] != "HOLD"]

    def get(self, path: str) -> dict[str, Any]:
        """An answer of the REST API."""
        with urllib.request.urlopen(f"{self.card['url']}api/v1/{path}", timeout=10) as answer:  # noqa: S310  loopback
            found: dict[str, Any] = json.load(answer)
            return found

    def read_miner(self) -> MinerReading:
        """What the miner's own API says."""
        return build_miner(self.config.site.loads[0], SystemClock()).read()

    def ledger(self) -> Ledger:
        """What is recorded, read only."""
        return Ledger(Path(self.card["data"]) / "ledger", read_only=True)

    def program(self, name: str) -> ProgramInfo:
        """A program as supervisord sees it."""
        return next(program for program in self.supervisor.programs() if program.name == name)

    # -- doing --------------------------------------------------------------------------------------------

    def ask(self, action: str, level: str | None = None, duration_s: int = 86_400) -> CommandReply:
        """A person's wish, over the bus; the answer to it."""
        wish = {"load": "miner", "action": action, "level": level, "duration_s": duration_s}
        request = OverrideRequest.model_validate({"request_id": uuid.uuid4().hex, "actor": "test", **wish})
        self._bus.publish(self._topics.override, request)
        found: list[CommandReply] = []

        def is_answered() -> bool:
            found[:] = [reply for reply in self.replies if reply.request_id == request.request_id]
            return bool(found)

        eventually(is_answered, f"an answer to {action}")
        return found[0]

    def run_miner(self) -> None:
        """Have the miner run at full power, whatever the rules would say, as soon as protection allows it."""

        def is_accepted() -> bool:
            return self.ask("level", "full").accepted

        eventually(is_accepted, "the start is accepted", 60)
        eventually(lambda: self.miner_w > 1500, f"the miner runs; {self.switches[-4:]}", 60)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program."""
        os.kill(self.program(name).pid, number)

    def wait_house(self, seconds: float) -> None:
        """Let seconds of the house pass."""
        threading.Event().wait(seconds / self.speed)

    def seconds_to_off(self, at_most_s: float) -> float:
        """How long, from now, until the miner's own power is gone; seconds of the house."""
        began_s = self.machine.boot()
        eventually(lambda: self.miner_w < OFF_W, f"the miner is off; {self.switches[-4:]}", at_most_s / self.speed)
        return (self.machine.boot() - began_s) * self.speed

    def keep_dead(self, name: str, stopping: threading.Event) -> threading.Thread:
        """Kill a program with -9, and again whenever it is started anew, until told to stop."""

        def kill() -> None:
            while True:
                try:
                    program = self.program(name)
                    if program.pid:
                        os.kill(program.pid, signal.SIGKILL)
                except (ProcessLookupError, SupervisorAway):
                    pass  # it is between two lives, which is what was wanted
                if stopping.wait(0.02):
                    return

        thread = threading.Thread(target=kill)
        thread.start()
        return thread

    def revive(self, name: str) -> None:
        """Have a program run again."""

        def runs() -> bool:
            if self.program(name).state in {"FATAL", "EXITED", "STOPPED"}:
                self.supervisor.start(name)
            return self.program(name).state == "RUNNING"

        eventually(runs, f"{name} runs again", 30)

    def close(self) -> None:
        """End it as Ctrl-C would."""
        self._bus.stop()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    # -- inside -------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        broker = self.config.site.broker
        self._topics = Topics(self.config.site.site)
        will = Health(status=HealthStatus.ERROR, reason="gone", instance="test")
        self._bus = MqttBus(
            "test", broker.host, broker.port, will_topic=self._topics.health("test"), will=will, speed=self.speed
        )
        self._bus.subscribe(self._topics.decision, self._on_decision)
        self._bus.subscribe(self._topics.reply, self._on_reply)
        self._bus.start()
        eventually(lambda: self._bus.is_connected, "the test hears the bus")

    def _on_decision(self, received: Received) -> None:
        event = decode(DecisionEvent, received.payload)
        if event is not None and event.record not in self.decisions[-3:]:
            self.decisions.append(event.record)

    def _on_reply(self, received: Received) -> None:
        reply = decode(CommandReply, received.payload)
        if reply is not None:
            self.replies.append(reply)

    def _is_ready(self) -> bool:
        text = self._log.read_text(encoding="utf-8")
        if self.process.poll() is not None:
            raise AssertionError(f"the house ended at once:\n{text}")
        return "Ready after" in text

    def _card_path(self) -> Path:
        return next(self.var.glob("*/instance.json"))
