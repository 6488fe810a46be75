"""What a miner did in a block, written down when the block is over: hash rate, J/TH, and the shares its pool took.

A sample is an event of the kind ``audit`` in the ledger: nothing is decided by it, so it stands in no state and
replay needs it not. It touches the signal book and the events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitgrid.control.state_builder import SHARE_SIGNALS
from bitgrid.kernel import to_people

if TYPE_CHECKING:
    from bitgrid.control.engine import Engine


class HashProof:
    """Follows every miner on behalf of an engine. A block that was not seen from its beginning has no sample."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._block: tuple[int, int] | None = None
        self._is_whole = False
        self._counted: dict[tuple[str, str], float] = {}

    def step(self) -> None:
        """When a block has ended, record what each miner did in it."""
        now = self._engine.blocks.epoch, self._engine.blocks.block()
        if now == self._block:
            return
        ended, self._block = self._block, now
        is_whole, self._is_whole = self._is_whole, ended is not None
        for name in self._engine.loads:
            shares = {signal: self._shares(name, signal) for signal in SHARE_SIGNALS}
            if is_whole and ended == (now[0], now[1] - 1):
                self._record(name, ended[1], shares)

    def _record(self, name: str, block: int, shares: dict[str, int | None]) -> None:
        engine = self._engine
        to_boot_s = engine.clock.boot()
        from_boot_s = to_boot_s - engine.rules.block_s
        rate = engine.book.mean(name, "hashrate_ths", from_boot_s, to_boot_s)
        power_w = engine.book.mean(name, "power_w", from_boot_s, to_boot_s)
        if not rate:
            return
        rate_ths = to_people("hashrate_ths", rate)
        j_per_th = None if power_w is None else round(power_w / rate_ths, 1)
        record = {"what": "hash_proof", "load": name, "block": block, "hashrate_ths": rate_ths}
        engine.tell_event("audit", {**record, "power_w": power_w, "j_per_th": j_per_th, **shares})

    def _shares(self, name: str, signal: str) -> int | None:
        """Shares since this was last asked; a count that fell began anew with the miner. None: it is not known."""
        sample, before = self._engine.book.newest(name, signal), self._counted.get((name, signal))
        if sample is None or not isinstance(sample.value, float):
            return None
        self._counted[name, signal] = sample.value
        if before is None:
            return None
        return round(sample.value if sample.value < before else sample.value - before)
