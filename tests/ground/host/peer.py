"""Run by itself in some network: a client of the broker, which tells the reason codes it was answered with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ops.host.appliance_broker import Talker, Tls


def main() -> None:
    """Log in as told on standard input, publish on each topic, and print every answer's code."""
    told = json.load(sys.stdin)
    talker = Talker(
        told["port"], told["user"], told["password"], Tls(Path(told["ca_file"])), (told["source"], told["address"])
    )
    codes = {topic: talker.publish(topic) for topic in told["topics"]} if talker.let_in == 0 else {}
    talker.close()
    json.dump({"let_in": talker.let_in, "codes": codes}, sys.stdout)


if __name__ == "__main__":
    main()
