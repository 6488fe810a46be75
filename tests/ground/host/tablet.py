"""Whoever looks at the house from the living room: over 443, by the appliance's own certificate."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ground.host.appliance import HOST4, TABLET4, Appliance

VISITOR = Path(__file__).with_name("visitor.py")
OWNER = {"name": "anna", "password": "the sun is free"}
"""Of a house that lives for one test."""
SETUP_CODE = "/etc/bitgrid/secrets/bitgrid-web/web/setup-code"
Answer = dict[str, Any]


@dataclass
class Tablet:
    """A browser in the home; ``cookies`` is what it keeps."""

    appliance: Appliance
    ca_file: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, *requests: dict[str, Any]) -> list[Answer]:
        """Send requests in their order; the answers."""
        told = {"address": HOST4, "source": TABLET4, "ca_file": self.ca_file, "cookies": self.cookies}
        said = self.appliance.home.run(
            sys.executable, "-I", str(VISITOR), text=json.dumps({**told, "requests": requests})
        )
        found = json.loads(said)
        self.cookies = found["cookies"]
        answers: list[Answer] = found["answers"]
        return answers

    def get(self, path: str) -> Answer:
        """Look at one page."""
        return self.ask({"path": path})[0]

    def post(self, path: str, body: object) -> Answer:
        """Ask one thing of the house."""
        return self.ask({"method": "POST", "path": path, "json": body})[0]

    def trust(self) -> None:
        """Take the authority over, as its owner does after comparing the fingerprint."""
        place = self.appliance.work / "ca.crt"
        place.write_text(self.get("/bitgrid-ca.crt")["text"])
        self.ca_file = str(place)

    def begin(self) -> Answer:
        """Make the first account, by the code that stands on the appliance; the session begins with it."""
        code = self.appliance.run("cat", SETUP_CODE).strip()
        look = {"path": "/login"}
        return self.ask(look, {"method": "POST", "path": "/begin", "form": {"code": code, **OWNER}})[1]

    def log_in(self) -> Answer:
        """Log in anew."""
        self.cookies = {}
        return self.ask({"path": "/login"}, {"method": "POST", "path": "/login", "form": OWNER})[1]
