"""`make bench`: how fast the page answers while twenty look on, and how soon a decision is on their screens.

Boots the house through `bitgrid run`, in real time, and opens as many live pages as it takes. Then wrk asks for
each room, one request after another, and beside it for a route of Flask's that does nothing, served by the same
kind of worker: p50, p95 and p99, and p95 as a multiple of the bare route's. Then one of those pages is in
Chromium: the miner is stopped and left to the rules again in turns, and the time is taken until the new
sentence is drawn: from when the decision was on the bus, and from when it was asked for. Needs wrk and
Chromium. Exit code 1 where a goal is missed.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from flask import Flask
from memory import wait_ready
from playwright.sync_api import Page, sync_playwright
from simple_websocket import Client, ConnectionClosed  # type: ignore[import-untyped]  # the package has no types

from bitgrid.bus import Received, Topics
from bitgrid.bus.client import MqttBus
from bitgrid.config import load_config
from bitgrid.ops.instance import Card, running
from bitgrid.web.rooms.showing import ROOMS
from kernel import say

CLIENTS = 20
SECONDS = 10
ROUNDS = 20
PAUSE_S = 2.0
"""The page takes thirty wishes a minute from an address, and no more."""
START = "2025-05-15T10:30"
GOAL_P95_MS, GOAL_SCREEN_MS = 50.0, 300.0
ALSO = ("/fragments/now", "/api/v1/state", "/api/v1/decisions")
CHROMIUM = "/usr/bin/chromium"
TELL = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("told %d %d %d %d %d\\n", latency:percentile(50), latency:percentile(95),
    latency:percentile(99), summary.requests, e.connect + e.read + e.write + e.status + e.timeout))
end
"""
SENTENCES = (
    "[...document.querySelectorAll('#why .sentence, #why [aria-live]')].map((one) => one.textContent).join()"
)
DRAWN = f"""() => {{
  const before = {SENTENCES};
  window.drawn = new Promise((tell) => {{
    const watch = new MutationObserver(() => {{
      if ({SENTENCES} === before) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => tell((performance.timeOrigin + performance.now()) / 1000)));
    }});
    watch.observe(document.body, {{subtree: true, childList: true, characterData: true}});
  }});
}}"""
"""Notes when another sentence than now has been drawn: after the frame in which it came, seconds since 1970."""

bare = Flask("bare")
bare.add_url_rule("/", view_func=lambda: "ok")


@dataclass(frozen=True)
class Latency:
    """What wrk measured: milliseconds, and how many requests."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    requests: int


def main() -> int:
    """Measure and print; exit code 1 where a goal is missed."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bitgrid-bench-")))
        card = stack.enter_context(house(place))
        beside = stack.enter_context(bare_flask())
        script = place / "tell.lua"
        script.write_text(TELL, encoding="ascii")
        lookers = stack.enter_context(looking_on(card.url, CLIENTS - 1))
        with looking_on(card.url, 1):
            say(f"{CLIENTS} pages open and live; {SECONDS} s each, one request after another")
            slowest_ms = answers(card.url, beside, script)
        screen_ms = screens(card)
        say(f"{lookers.heard} pushes came to the {CLIENTS - 1} other pages meanwhile")
    return int(slowest_ms > GOAL_P95_MS or screen_ms > GOAL_SCREEN_MS)


@contextmanager
def house(place: Path) -> Iterator[Card]:
    """The whole house, on a sunny morning."""
    command = [sys.executable, "-m", "bitgrid", "run", "--var", str(place), "--speed", "1", "--start", START]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own program
    try:
        if not wait_ready(runner):
            sys.exit("the house did not become ready; see what it says with: make run")
        threading.Thread(target=runner.communicate, daemon=True).start()
        card = next(running(place))
        wait_until_served(f"{card.url}{ROOMS['plan']}")
        yield card
    finally:
        runner.send_signal(signal.SIGINT)
        runner.wait(timeout=60)


@contextmanager
def bare_flask() -> Iterator[str]:
    """A route that says "ok", by gunicorn's thread worker as the house's page is; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--threads", "32", "--bind", f"127.0.0.1:{port}", "--chdir", str(Path(__file__).parent)]
    command = [sys.executable, "-m", "gunicorn", "--log-level", "warning", *options, "web:bare"]
    server = subprocess.Popen(command)  # noqa: S603  gunicorn, as installed with us
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def wait_until_served(url: str) -> None:
    """Until somebody answers there with what was asked for: a plan comes only after the first decision."""
    for _ in range(300):
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"nobody serves {url}")


class Lookers:
    """Pages that are open and hear what changes; each as the browser does it, by a socket of its own."""

    def __init__(self, url: str, count: int) -> None:
        self.heard = 0
        address = f"ws://{urlsplit(url).netloc}/ws?lang=de"
        self._clients = [Client.connect(address) for _ in range(count)]
        self._threads = [threading.Thread(target=self._hear, args=(one,), daemon=True) for one in self._clients]
        for thread in self._threads:
            thread.start()

    def _hear(self, client: Client) -> None:
        with suppress(ConnectionClosed):  # by us, at the end
            while client.connected:
                if client.receive(timeout=5) is not None:
                    self.heard += 1

    def close(self) -> None:
        """Close the pages."""
        for client in self._clients:
            client.close()


@contextmanager
def looking_on(url: str, count: int) -> Iterator[Lookers]:
    """So many pages are open."""
    lookers = Lookers(url, count)
    try:
        yield lookers
    finally:
        lookers.close()


def answers(url: str, beside: str, script: Path) -> float:
    """A line for each address; the slowest page's p95, ms."""
    floor = asked(beside, script)
    tell("a bare route of Flask's", floor, floor)
    slowest_ms = 0.0
    for path in [*ROOMS.values(), *ALSO]:
        took = asked(f"{url}{path}", script)
        tell(path, took, floor)
        slowest_ms = max(slowest_ms, took.p95_ms)
    say(f"{'slowest p95':<30}{slowest_ms:9.2f} ms (goal: under {GOAL_P95_MS:.0f} ms)")
    return slowest_ms


def asked(url: str, script: Path) -> Latency:
    """What wrk tells of an address; each request waits for the one before."""
    command = ["wrk", "--threads", "1", "--connections", "1", "--duration", f"{SECONDS}s", "--timeout", "10s"]
    command += ["--script", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  wrk
    told = next(line for line in done.stdout.splitlines() if line.startswith("told "))
    p50_us, p95_us, p99_us, requests, errors = map(int, told.split()[1:])
    if errors or not requests:
        sys.exit(f"{url}: {errors} of {requests} requests failed; the figures would mean nothing")
    return Latency(p50_us / 1000, p95_us / 1000, p99_us / 1000, requests)


def tell(name: str, took: Latency, floor: Latency) -> None:
    """A line."""
    say(
        f"{name:<30}p50 {took.p50_ms:7.2f}  p95 {took.p95_ms:7.2f}  p99 {took.p99_ms:7.2f} ms"
        f"  = {took.p95_ms / floor.p95_ms:6.1f} × bare, {took.requests} asked"
    )


def screens(card: Card) -> float:
    """How soon decisions are on a screen; the slowest of them, ms after it was on the bus."""
    config = load_config(Path(card.config))
    broker, topics, heard_s = config.site.broker, Topics(config.site.site), list[float]()
    bus = MqttBus("bench", broker.host, broker.port)

    def on_decision(received: Received) -> None:
        if not received.retained:
            heard_s.append(time.time())

    bus.subscribe(topics.decision, on_decision)
    bus.start()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{card.url}/?lang=en")
            page.wait_for_timeout(1000)
            took = [one_more(page, card.url, config.site.loads[0].id, heard_s, number) for number in range(ROUNDS)]
            browser.close()
    finally:
        bus.stop()
    say(f"{ROUNDS} decisions on the screen of one of {CLIENTS} pages, the miner stopped and let go in turns")
    slowest_ms = spread("from the bus to the screen", [made for made, _asked in took], GOAL_SCREEN_MS)
    spread("from the wish to the screen", [asked for _made, asked in took])
    return slowest_ms


def one_more(page: Page, url: str, load: str, heard_s: list[float], number: int) -> tuple[float, float]:
    """A decision; how long until it was drawn, ms, since it was on the bus and since it was asked for."""
    heard_s.clear()
    page.evaluate(DRAWN)
    asked_s = time.time()
    wish = {"load": load, "action": "stop" if number % 2 == 0 else "end"}
    told = httpx.post(f"{url}/api/v1/override", json=wish)
    if not told.is_success:
        sys.exit(f"the house refused to be asked ({told.text}); the figures would mean nothing")
    drawn_s: float = page.evaluate("window.drawn")
    page.wait_for_timeout(PAUSE_S * 1000)
    return (drawn_s - heard_s[0]) * 1000, (drawn_s - asked_s) * 1000


def spread(name: str, took_ms: list[float], goal_ms: float | None = None) -> float:
    """A line; the longest."""
    ordered = sorted(took_ms)
    p50, p95 = (ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 95))
    goal = "" if goal_ms is None else f" (goal: under {goal_ms:.0f} ms)"
    say(f"{name:<30}p50 {p50:7.1f}  p95 {p95:7.1f}  max {ordered[-1]:7.1f} ms{goal}")
    return ordered[-1]


if __name__ == "__main__":
    sys.exit(main())
