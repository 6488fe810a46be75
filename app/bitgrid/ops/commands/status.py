"""`bitgrid status`."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from bitgrid.config import ConfigError, load_config
from bitgrid.config.secrets import host_token, place
from bitgrid.ops.commands.loading import load
from bitgrid.ops.errors import Refusal
from bitgrid.ops.host.places import WEB, HostPlaces
from bitgrid.ops.instance import running
from bitgrid.ops.mirror import state as mirror_state
from bitgrid.ops.places import APPLIANCE_CONFIG, APPLIANCE_DATA, default_config, project_root
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
    houses = [(card.url, Path(card.config), Path(card.data)) for card in running(var or project_root() / "var")]
    if not houses and var is None:
        houses = list(_appliance())
    if not houses:
        raise Refusal("nothing runs on this machine. Start the simulated house with: make run")
    for page, config, data in houses:
        click.echo(render(replace(fetch(page), mirror=_mirror(config, data))))


def _appliance() -> Iterator[tuple[str, Path, Path]]:
    """The house of an appliance, where this is one: its page, configuration and data."""
    if default_config() == APPLIANCE_CONFIG:
        web = load(APPLIANCE_CONFIG).site.web
        host = f"[{web.host}]" if ":" in web.host else web.host
        yield f"http://{host}:{web.port}/", APPLIANCE_CONFIG, APPLIANCE_DATA


def _mirror(config: Path, data: Path) -> str:
    """How the mirror of a house on this machine stands; empty where it is off."""
    try:
        is_on = load_config(config).site.mirror is not None
    except ConfigError:
        return ""
    return mirror_state.told(mirror_state.read(data / "mirror")) if is_on else ""


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
            get_json(host, port, f"/api/v1/{what}", TIMEOUT_S, _token())
            for what in ("state", "health", "decisions")
        )
    except (OSError, http.client.HTTPException) as error:
        raise Refusal(f"{url} does not answer ({error}). Is it still starting? Try: bitgrid doctor") from None
    return Report(url, _body(url, state), _body(url, health), _body(url, decisions))


def _token() -> str | None:
    """What a house that asks who is there is shown: on an appliance root finds it, elsewhere whoever runs it."""
    return host_token(HostPlaces().secrets / WEB) or host_token(place())


def _port(url: str) -> int:
    try:
        return urlsplit(url if "//" in url else f"//{url}").port or http.client.HTTP_PORT
    except ValueError:
        raise Refusal(f"{url}: no such port; it must be 1 to 65535") from None


def _body(url: str, answer: Answer) -> dict[str, object]:
    if answer.status == http.client.UNAUTHORIZED:
        raise Refusal(f"{url} asks who is there. On the appliance itself: sudo bitgrid status")
    if answer.status != HTTP_OK or not answer.body:
        raise Refusal(f"{url} answered {answer.status}, not as a BitGrid does. Is it the right address?")
    return answer.body
