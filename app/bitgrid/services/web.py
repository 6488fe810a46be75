"""The web process: gunicorn's thread worker with the bus client, the view and the application.

gunicorn's arbiter is left out: it would be a second process that does what supervisord does already (start it anew
when it dies), and costs 20 MB.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # the package has no types
from gunicorn.sock import create_sockets  # type: ignore[import-untyped]  # the package has no types
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # the package has no types

from bitgrid.bus.client import MqttBus
from bitgrid.config.secrets import WEB_KEYS
from bitgrid.config.secrets import place as secrets_place
from bitgrid.services.runtime import EXIT_BAD_CONFIG, HEALTH_INTERVAL_S, Service, log, start
from bitgrid.web import AccountsError, Asker, HouseView, Places, create_app
from bitgrid.web.kpis import KpiDesk

THREADS = 32
GRACEFUL_S = 5


class Worker(ThreadWorker):  # type: ignore[misc]  # its base has no types
    """gunicorn's thread worker, which tells the sockets to close when it is told to end."""

    stopping: threading.Event

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401  as gunicorn declares it
        """SIGTERM."""
        self.stopping.set()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:  # noqa: ANN401  as gunicorn declares it
        """SIGINT and SIGQUIT."""
        self.stopping.set()
        super().handle_quit(sig, frame)


class Server(BaseApplication):  # type: ignore[misc]  # its base has no types
    """gunicorn's settings and loading, without its command line.

    Args:
        service: this process.
        bus: its connection to the broker.
    """

    def __init__(self, service: Service, bus: MqttBus) -> None:
        self._service, self._bus = service, bus
        super().__init__()

    def load_config(self) -> None:
        """Where to listen, and with how many threads."""
        web = self._service.config.site.web
        host = f"[{web.host}]" if ":" in web.host else web.host
        self.cfg.set("bind", f"{host}:{web.port}")
        self.cfg.set("threads", THREADS)
        self.cfg.set("graceful_timeout", GRACEFUL_S)
        self.cfg.set("keepalive", 15)
        self.cfg.set("worker_tmp_dir", "/dev/shm")  # noqa: S108  its heartbeat file must not wear an SD card
        self.cfg.set("loglevel", "warning")

    def load(self) -> Any:  # noqa: ANN401  a WSGI application
        """The application; its health is told by a thread that makes the page as a visitor would get it."""
        service, bus = self._service, self._bus
        view = HouseView(service.config, bus, service.clock)
        asker = Asker(service.config.site.site, bus, service.clock)
        app = self._app(view, asker)
        make_page, language = app.extensions["bitgrid"].fragments.recent, service.config.site.language

        def step() -> None:
            make_page(language)

        told = threading.Thread(target=service.run_loop, args=(bus, step, HEALTH_INTERVAL_S), daemon=True)
        told.start()
        if service.config.site.home_assistant.enabled:
            from bitgrid.services.home_assistant import start_bridge  # noqa: PLC0415  only who wants it pays for it

            start_bridge(service, app.extensions["bitgrid"])
        return app

    def _app(self, view: HouseView, asker: Asker) -> Flask:
        service = self._service
        keys = secrets_place() / WEB_KEYS
        paths, block_s = service.paths, service.config.rules.block_s
        places = Places(paths.data, paths.config)
        kpis = KpiDesk(paths.data, paths.config, block_s, service.clock)
        try:
            return create_app(service.config, view, asker, service.clock, service.stopping, keys, kpis, places)
        except AccountsError as error:
            log.error("%s", error)
            sys.exit(EXIT_BAD_CONFIG)

    def run(self) -> None:
        """Serve in this very process, until it is told to end or its parent is gone."""
        gunicorn_log = self.cfg.logger_class(self.cfg)
        sockets = create_sockets(self.cfg, gunicorn_log)
        worker = Worker(0, os.getppid(), sockets, self, self.cfg.timeout, self.cfg, gunicorn_log)
        worker.stopping = self._service.stopping
        worker.init_process()


def main() -> None:
    """Serve until SIGTERM."""
    service = start("web")
    bus = service.connect_bus()
    try:
        Server(service, bus).run()
    finally:
        service.stopping.set()
        service.close_bus(bus)


if __name__ == "__main__":
    main()
