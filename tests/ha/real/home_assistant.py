"""A Home Assistant as its owner would start it: headless, its MQTT integration set up, seen by its own REST."""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from broker import eventually, free_port

READY_S = 240.0
CLIENT = "http://bitgrid.test/"


class HomeAssistant:
    """A running Home Assistant.

    Args:
        hass: its program.
        directory: where it keeps its configuration; made here.
        broker_port: of the broker that it is told of.
    """

    def __init__(self, hass: str, directory: Path, broker_port: int) -> None:
        self._directory, self._port = directory, free_port()
        self._write_configuration(broker_port)
        self.log = directory / "home-assistant.log"
        command = [hass, "--config", str(directory), "--skip-pip", "--log-file", str(self.log)]
        with (directory / "output.txt").open("w") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        self._token = ""
        try:
            eventually(self._answers, f"Home Assistant answers; see {self.log}", READY_S)
            self._token = self._log_in()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it, as a person would."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def states(self) -> dict[str, dict[str, Any]]:
        """Every entity by the name a person sees."""
        found = self._ask("/api/states")
        return {one["attributes"].get("friendly_name", one["entity_id"]): one for one in found}

    def state(self, name: str) -> str:
        """The state of an entity; empty where there is none of that name."""
        return str(self.states().get(name, {}).get("state", ""))

    def call(self, service: str, name: str, **more: str) -> None:
        """Call a service on an entity, such as pressing a button."""
        entity_id = self.states()[name]["entity_id"]
        self._ask(f"/api/services/{service}", {"entity_id": entity_id, **more})

    def complaints(self) -> list[str]:
        """What it wrote of MQTT, as a warning or worse."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if ("WARNING" in line or "ERROR" in line) and "mqtt" in line.lower()]

    def _write_configuration(self, broker_port: int) -> None:
        storage = self._directory / ".storage"
        storage.mkdir(parents=True)
        (self._directory / "configuration.yaml").write_text(
            f"http:\n  server_host: 127.0.0.1\n  server_port: {self._port}\n"
            "api:\nonboarding:\nlogger:\n  default: warning\n",
            encoding="utf-8",
        )
        entry = {
            "created_at": "2025-01-01T00:00:00+00:00",
            "modified_at": "2025-01-01T00:00:00+00:00",
            "data": {"broker": "127.0.0.1", "port": broker_port, "protocol": "5"},
            "disabled_by": None,
            "discovery_keys": {},
            "domain": "mqtt",
            "entry_id": "bitgridtest",
            "minor_version": 2,
            "options": {"discovery": True, "discovery_prefix": "homeassistant"},
            "pref_disable_new_entities": False,
            "pref_disable_polling": False,
            "source": "user",
            "subentries": [],
            "title": "broker",
            "unique_id": None,
            "version": 1,
        }
        stored = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}
        (storage / "core.config_entries").write_text(json.dumps(stored), encoding="utf-8")

    def _log_in(self) -> str:
        """Make the first account, as the first visitor does, and take a token for it."""
        person = {"name": "Test", "username": "test", "password": "a long enough one", "language": "en"}
        code = self._ask("/api/onboarding/users", {"client_id": CLIENT, **person})["auth_code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT}
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/auth/token", data, timeout=30) as answer:
            return str(json.load(answer)["access_token"])

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  JSON
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
            return json.load(answer)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"Home Assistant ended: {self._said()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/onboarding", timeout=10):
                threading.Event().wait(1)
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _said(self) -> str:
        return (self._directory / "output.txt").read_text(encoding="utf-8")[-3000:]
