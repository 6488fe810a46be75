"""On the computer itself: when the page answered and when every load was confirmed off, by the kernel's clock."""

from __future__ import annotations

import http.client
import json
import sys
import time
from http import HTTPStatus
from pathlib import Path

from bitgrid.config import load_config
from bitgrid.config.secrets import host_token
from bitgrid.ops.readiness import HTTP_OK, get_json

PAGE, OFF = "the page answers", "every load is confirmed off"
found: dict[str, float] = {}
while OFF not in found:
    try:
        web = load_config(Path("/etc/bitgrid")).site.web
        token = host_token(Path("/etc/bitgrid/secrets/bitgrid-web"))
        answer = get_json(web.host, web.port, "/api/v1/state", token=token)
    except (OSError, http.client.HTTPException):
        pass
    else:
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise SystemExit(f"{answer.body}")
        if answer.status == HTTP_OK:
            found.setdefault(PAGE, time.clock_gettime(time.CLOCK_BOOTTIME))
            loads = answer.body["loads"].values()
            if loads and all(load is not None and load["confirmed_off"] for load in loads):
                found[OFF] = time.clock_gettime(time.CLOCK_BOOTTIME)
    time.sleep(1)
sys.stdout.write(json.dumps(found))
