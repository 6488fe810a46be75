"""`feeds`: prices, forecasts and Bitcoin's figures, on the bus."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bitgrid.bus import Received
from bitgrid.config import load_config
from bitgrid.feeds.errands import Errands
from bitgrid.feeds.house_feeds import house_feeds
from bitgrid.feeds.in_force import InForce
from bitgrid.feeds.means import Means
from bitgrid.feeds.publisher import FeedsPublisher
from bitgrid.feeds.web import web_fetch
from bitgrid.services import runtime, stores
from bitgrid.store.feeds import open_feeds_store
from bitgrid.store.snapshots import Regular, Snapshots

STEP_S = 5.0
WORKERS = 2


def main() -> None:
    """Wire bus, store and feeds, and run until told to end."""
    service = runtime.start("feeds")
    executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="errand")
    path = service.paths.data / "feeds.sqlite"
    store, loss, forgets = open_feeds_store(path, service.clock)
    snapshots = Regular(Snapshots(path.parent / "snapshots"), path, store.snapshot, service.clock)
    errands = Errands(executor)
    house = house_feeds(service.config, Means(service.clock, store, errands, web_fetch()))
    bus = service.connect_bus()
    in_force = InForce(service.config.config_hash, partial(load_config, service.paths.config), service.stop)

    def on_decision(received: Received) -> None:
        service.inbox.put(partial(house.on_decision, received))
        service.inbox.put(partial(in_force.on_decision, received))

    bus.subscribe(service.topics.decision, on_decision)
    block_s = service.config.rules.block_s
    publisher = FeedsPublisher(house.feeds, bus, service.topics, service.clock, block_s)

    def step() -> runtime.StepHealth | None:
        errands.step()
        problem = "; ".join(filter(None, (forgets, publisher.step(), snapshots.step())))
        return stores.health("", problem, loss)

    service.run_loop(bus, step, STEP_S)
    executor.shutdown(wait=False, cancel_futures=True)
    service.close_bus(bus)
    store.close()


if __name__ == "__main__":
    main()
