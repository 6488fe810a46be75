"""The web process as it runs in the house: gunicorn, its worker, real sockets; the broker is away."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from simple_websocket import Client

from broker import free_port
from web.talk import REPOSITORY

pytestmark = pytest.mark.system
READY_WITHIN_S = 30


class Process:
    """The web process on free ports."""

    def __init__(self, directory: Path, host: str = "127.0.0.1") -> None:
        self.port = free_port()
        config = directory / "config"
        shutil.copytree(REPOSITORY / "config", config)
        site = (config / "site.yaml").read_text(encoding="utf-8")
        site = site.replace("web: {host: 127.0.0.1, port: 8080}", f"web: {{host: {host}, port: {self.port}}}")
        site = site.replace(
            "broker: {host: 127.0.0.1, port: 18830}", f"broker: {{host: 127.0.0.1, port: {free_port()}}}"
        )
        assert str(self.port) in site
        (config / "site.yaml").write_text(site, encoding="utf-8")
        environment = os.environ | {"BITGRID_CONFIG_DIR": str(config), "BITGRID_RUN_DIR": str(directory)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bitgrid.services.web"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait_until_ready(self) -> None:
        pause = threading.Event()
        for _ in range(READY_WITHIN_S * 10):
            try:
                self.get("/api/v1/health")
            except OSError:
                assert self.process.poll() is None, "it ended instead of serving"
                pause.wait(0.1)
            else:
                return
        pytest.fail(f"not ready within {READY_WITHIN_S} s")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path)
    started.wait_until_ready()
    yield started
    started.process.kill()
    started.process.communicate()


def test_it_serves_without_a_broker_and_says_that_it_is_away(web: Process) -> None:
    status, body = web.get("/api/v1/health")
    assert status == 200
    assert json.loads(body)["is_connected"] is False
    status, page = web.get("/?lang=en")
    assert status == 200
    assert b"nothing on this page is current" in page


def test_it_ends_at_once_on_sigterm_and_tells_open_pages_to_come_back(web: Process) -> None:
    client = Client.connect(f"ws://127.0.0.1:{web.port}/ws?lang=en")
    first = client.receive(timeout=10)
    assert first is not None
    assert 'id="now"' in first
    assert web.end() == 0
    client.thread.join(timeout=5)
    assert client.close_reason == 1012


def test_anything_but_loopback_is_refused_with_what_to_do(tmp_path: Path) -> None:
    refused = Process(tmp_path, host="192.168.1.5")
    _out, said = refused.process.communicate(timeout=30)
    assert refused.process.returncode == 78
    assert "set login: required" in said
