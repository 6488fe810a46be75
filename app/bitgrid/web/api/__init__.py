"""REST, version 1: what the page shows, for programs, and the same wishes.

An operation is a line in ``operations.py``: its pydantic models are what is taken and answered, and what
``openapi.json`` is made of. May touch: what the page may, and nothing else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app

from bitgrid.web.api.openapi import document
from bitgrid.web.api.operations import OPERATIONS

if TYPE_CHECKING:
    from bitgrid.web.app import Web

PREFIX = "/api/v1"


def routes(web: Web) -> Blueprint:
    """Routes under ``/api/v1``."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    for operation in OPERATIONS:
        operation.add_to(blueprint, web)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return Response(
            json.dumps(document(current_app.config["SESSION_COOKIE_NAME"])), content_type="application/json"
        )

    return blueprint
