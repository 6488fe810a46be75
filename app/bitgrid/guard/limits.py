"""The guard's own limits: read from the configuration once, at start, and never past the built-in ones."""

from __future__ import annotations

from dataclasses import dataclass

from bitgrid.config import Config, LoadConfig
from bitgrid.config.rules import BUILT_IN_COMM_TIMEOUT_S, BUILT_IN_MAX_TEMP_C, Safety

LEASE_MAX_S = 45.0
LEASE_TOLERANCE_S = 1.0
READ_EVERY_S = 5.0
RETRY_S = 1.0
STOP_AGAIN_S = 5.0
CUT_AFTER_S = 5.0
CUT_AFTER_EXPIRY_S = 10.0
CUT_AFTER_COOLDOWN_S = 30.0
HEAT_MEMORY_S = 600.0
_OPEN_PATIENCE_S = 10.0
_REARM_PATIENCE_S = 30.0
_MACHINE_PATIENCE_S = 1.0


@dataclass(frozen=True)
class Limits:
    """What one load is held to; seconds of the house.

    Args:
        max_temp_c: at this temperature it is stopped.
        comm_timeout_s: leased and without a temperature for longer than this, it is stopped; a load without a
            miner has none, and its relay's answers count instead.
        boot_grace_s: after the first renewal of a lease, silence is forgiven this long.
        off_below_w: measured power below this is off.
        cooldown_s: after a release its fans run on this long before the relay opens.
        auto_off_s: the time the relay's own timer is armed with; None: the load has no relay.
        open_patience_s: a relay that has not opened for this long is a fault.
        rearm_patience_s: a relay that could not be closed or re-armed for this long is a fault.
        has_miner: whether there is something behind the relay that can be asked and sent to sleep.
    """

    max_temp_c: float
    comm_timeout_s: float
    boot_grace_s: float
    off_below_w: float
    cooldown_s: float
    auto_off_s: int | None
    open_patience_s: float = _OPEN_PATIENCE_S
    rearm_patience_s: float = _REARM_PATIENCE_S
    has_miner: bool = True


def limits_from(config: Config, speed: float) -> dict[str, Limits]:
    """The limits of every load of the site.

    A relay's patience is never shorter than a second of the machine: a fast clock does not hasten a socket.
    """
    return {load.id: _limits(load, config.rules.r3, speed) for load in config.site.loads}


def _limits(load: LoadConfig, safety: Safety, speed: float) -> Limits:
    return Limits(
        max_temp_c=min(safety.max_temp_c, BUILT_IN_MAX_TEMP_C),
        comm_timeout_s=min(safety.comm_timeout_s, BUILT_IN_COMM_TIMEOUT_S),
        boot_grace_s=load.boot_grace_s,
        off_below_w=load.off_below_w,
        cooldown_s=load.cooldown_s,
        auto_off_s=load.relay.auto_off_s if load.relay else None,
        open_patience_s=max(_OPEN_PATIENCE_S, _MACHINE_PATIENCE_S * speed),
        rearm_patience_s=max(_REARM_PATIENCE_S, _MACHINE_PATIENCE_S * speed),
        has_miner=load.miner is not None,
    )
