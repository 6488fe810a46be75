"""Scenario: what the feeds remember. Losing some of it costs what was learned and no safety; a start that fails
would cost prices and forecasts. Promised: it opens, whole, without being set aside, and blocks are lost from the
end alone.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from bitgrid.clock import HeldClock
from bitgrid.store.feeds import BlockMeans, FeedsStore, open_feeds_store
from powercut.child import Teller
from powercut.judge import Told

_BLOCK_S = 600
_KEPT_BLOCKS = 60


def play(root: Path, tell: Teller) -> None:
    """Ninety blocks, an answer kept every sixth, the oldest forgotten now and then."""
    store = _opened(root)
    with closing(store):
        for number in range(90):
            store.add(BlockMeans(number * _BLOCK_S, number, 300))
            if number % 6 == 5:
                store.keep("prices", float(number), f"answer {number} " * 400)
            if number % 20 == 19:
                store.forget_but(_KEPT_BLOCKS)
            tell("block", number=number)


def _opened(root: Path) -> FeedsStore:
    store, loss, problem = open_feeds_store(root / "feeds.sqlite", HeldClock())
    assert (loss, problem) == (None, "")
    return store


def check(root: Path, told: Told) -> None:
    """It opens as it was left, whole, and goes on."""
    with closing(_opened(root)) as store:
        starts = [means.start_s // _BLOCK_S for means in store.means(0, 10**9)]
        assert not starts or starts == list(range(starts[0], starts[-1] + 1)), f"there is a hole: {starts}"
        assert not starts or starts[-1] <= len(told.done("block")), "a block that was not yet"
        kept = store.kept("prices")
        assert kept is None or kept.text == f"answer {kept.at_s:.0f} " * 400, "an answer in part"
        store.add(BlockMeans(10**8, 1, 2))
        assert [means.pv_w for means in store.means(10**8, 10**9)] == [1]
