"""What a broker may have kept from finer days: readings that say there is plenty, and a lease long over."""

from __future__ import annotations

from bitgrid.bus import LoadCommand, Telemetry, Topics
from bitgrid.bus.messages import Message

FINE = {("meter", "grid_power_w"): -4000.0, ("battery", "battery_soc_pct"): 99.0, ("miner", "temp_c"): 40.0}


def stale_messages(topics: Topics, expires_boot_s: float, age_s: float = 0.0) -> list[tuple[str, Message]]:
    """Topic and message of each.

    Args:
        topics: how they are called.
        expires_boot_s: when the lease in it ends, or ended.
        age_s: how old the readings say they were when they were sent.
    """
    kept: list[tuple[str, Message]] = [
        (topics.telemetry(*names), Telemetry(value=value, age_s=age_s, source="yesterday"))
        for names, value in FINE.items()
    ]
    command = LoadCommand(
        command_id="of-yesterday",
        load="miner",
        level="full",
        power_w=1674,
        lease_id="of-yesterday",
        expires_boot_s=expires_boot_s,
        decision_id="of-yesterday",
        reason="R1_SURPLUS_OK",
    )
    return [*kept, (topics.command("miner"), command)]
