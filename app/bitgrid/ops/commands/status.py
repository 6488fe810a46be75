"""`bitgrid status`."""

from __future__ import annotations

import http.client
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from bitgrid.config import ConfigError, load_config
from bitgrid.ops.errors import Refusal
from bitgrid.ops.instance import Card, running
from bitgrid.ops.mirror import state as mirror_state
from bitgrid.ops.places import project_root
from bitgrid.ops.readiness import HTTP_OK, Answer, get_json
from bitgrid.ops.status import Report, render

TIMEOUT_S = 3.0


@click.command()
@click.option("--url", help="Address of the house's page; by default those that run on this machine.")
@click.option("--var", type=click.Path(file_okay=False, path_type=Path), help="Where instances keep their files.")
def status(url: str | None, var: Path | None) -> None:
    """Tell what runs, and why."""
    if url:
        click.echo(render(fetch(url)))
        return
    cards = list(running(var or project_root() / "var"))
    if not cards:
        raise Refusal("nothing runs on this machine. Start the simulated house with: make run")
    for card in cards:
        click.echo(render(replace(fetch(card.url), mirror=_mirror(card))))


def _mirror(card: Card) -> str:
    """How the mirror of a house on this machine stands; empty where it is off."""
    try:
        is_on = load_config(Path(card.config)).site.mirror is not None
    except ConfigError:
        return ""
    return mirror_state.told(mirror_state.read(Path(card.data) / "mirror")) if is_on else ""


def fetch(url: str) -> Report:
    """What a running house tells of itself.

    Raises:
        Refusal: it does not answer, or is something else.
    """
    parts = urlsplit(url if "//" in url else f"//{url}")
    if not parts.hostname:
        raise Refusal(f"{url} is no address; write it as http://127.0.0.1:8080/")
    host, port = parts.hostname, _port(url)
    try:
        state, health, decisions = (
            get_json(host, port, f"/api/v1/{what}", TIMEOUT_S) for what in ("state", "health", "decisions")
        )
    except (OSError, http.client.HTTPException) as error:
        raise Refusal(f"{url} does not answer ({error}). Is it still starting? Try: bitgrid doctor") from None
    return Report(url, _body(url, state), _body(url, health), _body(url, decisions))


def _port(url: str) -> int:
    try:
        return urlsplit(url if "//" in url else f"//{url}").port or http.client.HTTP_PORT
    except ValueError:
        raise Refusal(f"{url}: no such port; it must be 1 to 65535") from None


def _body(url: str, answer: Answer) -> dict[str, object]:
    if answer.status != HTTP_OK or not answer.body:
        raise Refusal(f"{url} answered {answer.status}, not as a BitGrid does. Is it the right address?")
    return answer.body
