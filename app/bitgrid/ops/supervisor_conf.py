"""The files that the broker and supervisord read, rendered. Pure text; nothing is written here.

In `make run` every program runs under ``setpriv --pdeathsig TERM``: when supervisord dies, even by kill -9, Linux
ends its children, so nothing is left behind. On an appliance systemd does that (``KillMode=control-group``).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import Layout
from bitgrid.ops.programs import Program

START_S = 2
"""Seconds that count as started. Supervisord may notice an end a second late, so one would be a matter of luck."""
LOG_BYTES = 2_000_000
LOG_BACKUPS = 2

_DAEMON = """\
; Written anew at every start; changes made here are lost.
[unix_http_server]
file={socket}
chmod={socket_mode}

[supervisord]
{user}nodaemon=true
silent=true
logfile={log}/supervisord.log
logfile_maxbytes={log_bytes}
logfile_backups={log_backups}
pidfile={run}/supervisord.pid
childlogdir={log}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""

_PROGRAM = """
[{kind}:{name}]
command={command}
priority={priority}
autostart=true
autorestart=true
startsecs={start_s}
startretries={retries}
stopsignal=TERM
stopwaitsecs=12
umask=027
stopasgroup=true
killasgroup=true
"""

_LOGS = """\
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes={log_bytes}
stdout_logfile_backups={log_backups}
"""

_LISTENER_LOGS = """\
events=PROCESS_STATE_FATAL
buffer_size=100
stderr_logfile={log}/{name}.log
stderr_logfile_maxbytes={log_bytes}
stderr_logfile_backups={log_backups}
"""


def render_supervisor(
    programs: Iterable[Program],
    layout: Layout,
    setpriv: str | None,
    *,
    socket_mode: str = "0700",
    user: str | None = None,
) -> str:
    """supervisord.conf for these programs, which inherit supervisord's own environment.

    Args:
        programs: what to run.
        layout: where sockets and logs go.
        setpriv: path of setpriv(1); None where something else sees to it that nothing outlives supervisord.
        socket_mode: who may speak to supervisord; on an appliance its directory says that.
        user: whom supervisord itself runs as, where it must be said; None: whoever starts it.
    """
    sizes = {"log_bytes": str(LOG_BYTES), "log_backups": str(LOG_BACKUPS), "log": _plain(str(layout.log))}
    head = _DAEMON.format(
        socket=_plain(str(layout.supervisor_socket)),
        socket_mode=socket_mode,
        user=f"user={_plain(user)}\n" if user else "",
        run=_plain(str(layout.run)),
        **sizes,
    )
    return head + "".join(_program(program, setpriv, sizes) for program in programs)


def _program(program: Program, setpriv: str | None, sizes: Mapping[str, str]) -> str:
    logs = _LISTENER_LOGS if program.is_listener else _LOGS
    body = _PROGRAM + (f"user={_plain(program.user)}\n" if program.user else "") + _environment(program) + logs
    tied = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    command = shlex.join([*tied, *program.command])
    return body.format(
        kind="eventlistener" if program.is_listener else "program",
        name=program.name,
        command=_plain(command),
        priority=program.priority,
        retries=1000 if program.is_listener else 3,
        start_s=START_S,
        **sizes,
    )


def _environment(program: Program) -> str:
    if not program.environment:
        return ""
    pairs = ",".join(f'{name}="{_plain(value)}"' for name, value in program.environment.items())
    return f"environment={pairs}\n"


def _plain(text: str) -> str:
    """Text that means itself: supervisord expands ``%`` (once or twice), and `` ;`` begins a comment.

    Raises:
        Refusal: it would mean something else.
    """
    if "%" in text or " ;" in text or "\n" in text:
        raise Refusal(f"supervisord cannot be told of {text!r}. Move the checkout to a path without % and ' ;'.")
    return text


def render_mosquitto(host: str, port: int, *, as_root: bool) -> str:
    """mosquitto.conf for `bitgrid run`: this machine only, nothing kept on disk."""
    user = "user root\n" if as_root else ""
    return (
        "# Written by `bitgrid run` at every start; changes made here are lost.\n"
        "# Anyone on this machine may connect. An appliance asks for passwords: see ansible/.\n"
        f"listener {port} {host}\n"
        "allow_anonymous true\n"
        "persistence false\n"
        "set_tcp_nodelay true\n"
        "log_dest stderr\n"
        "log_type error\nlog_type warning\nlog_type notice\n"
        f"{user}"
    )
