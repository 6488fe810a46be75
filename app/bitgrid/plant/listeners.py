"""Small socket servers in front of faces: a request in, an answer out; a silent face lets its client wait.

May touch: the address it is given. Knows no protocol beyond where a request ends.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bitgrid.devices.errors import DeviceSilent
from bitgrid.devices.transport import HttpAnswer
from bitgrid.plant.errors import taken

MAX_REQUEST_BYTES = 65_536
REQUEST_TIMEOUT_S = 5.0
HOLD_S, HOLD_STEP_S = 30.0, 0.5

BytesFace = Callable[[bytes], bytes]
HttpFace = Callable[[str, str, bytes, Mapping[str, str]], HttpAnswer]


class Listener:
    """A server on a thread of its own."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="listener", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The TCP port it listens at."""
        _host, port = self._server.socket.getsockname()
        return int(port)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 32
    face: BytesFace


class _Http(ThreadingHTTPServer):
    block_on_close = False
    face: HttpFace


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    face: BytesFace

    def server_close(self) -> None:
        super().server_close()
        Path(str(self.server_address)).unlink(missing_ok=True)


def bytes_listener(host: str, port: int, face: BytesFace) -> Listener:
    """One JSON request and one answer a connection: the cgminer API."""
    try:
        server = _Tcp((host, port), _BytesHandler)
    except OSError:
        raise taken(host, port) from None
    server.face = face
    return Listener(server)


def http_listener(host: str, port: int, face: HttpFace) -> Listener:
    """HTTP/1.1."""
    try:
        server = _Http((host, port), _HttpHandler)
    except OSError:
        raise taken(host, port) from None
    server.face = face
    return Listener(server)


def control_listener(path: Path, face: BytesFace) -> Listener:
    """A Unix socket of the owner's alone: one line in, one line out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = _Unix(str(path), _LineHandler)
    path.chmod(0o600)
    server.face = face
    return Listener(server)


class _BytesHandler(socketserver.BaseRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        try:
            self.request.settimeout(REQUEST_TIMEOUT_S)
            self.request.sendall(self.server.face(_read_json(self.request)))
        except DeviceSilent:
            hold(self.request)
        except OSError:
            return


class _LineHandler(socketserver.StreamRequestHandler):
    server: _Unix
    timeout = REQUEST_TIMEOUT_S

    def handle(self) -> None:
        try:
            self.wfile.write(self.server.face(self.rfile.readline(MAX_REQUEST_BYTES)) + b"\n")
        except OSError:
            return


class _HttpHandler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    timeout = HOLD_S

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isdecimal() else MAX_REQUEST_BYTES + 1
        if size > MAX_REQUEST_BYTES:
            self.send_error(413)
            return
        try:
            answer = self.server.face(self.command, self.path, self.rfile.read(size), dict(self.headers))
        except DeviceSilent:
            hold(self.connection)
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815  http.server looks for these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        """Say nothing: a simulated device keeps no access log."""


def _read_json(connection: socket.socket) -> bytes:
    """What was sent, up to the end of its JSON, of the connection, or of patience."""
    request = b""
    while len(request) < MAX_REQUEST_BYTES:
        try:
            part = connection.recv(4096)
        except TimeoutError:
            break
        request += part
        if not part or _is_json(request):
            break
    return request


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def hold(connection: socket.socket) -> None:
    """Answer nothing until the client gives up."""
    connection.settimeout(HOLD_STEP_S)
    for _ in range(int(HOLD_S / HOLD_STEP_S)):
        try:
            if not connection.recv(4096):
                return
        except TimeoutError:
            continue
        except OSError:
            return
