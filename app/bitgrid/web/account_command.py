"""`bitgrid account …`: people and machines, from the device's own console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from pydantic import ValidationError

from bitgrid.config.secrets import ACCOUNTS
from bitgrid.config.secrets import place as secrets_place
from bitgrid.web.accounts import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    TOKEN_SCOPES,
    Accounts,
    AccountsError,
    Role,
    Scope,
)

_KEYS = click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of the accounts; by default web in the secrets' directory.",
)


@click.group()
def account() -> None:
    """Add and remove who may log in, and tokens for machines."""


@account.command("list")
@_KEYS
def show(keys: Path | None) -> None:
    """List people and tokens."""
    with _accounts(keys) as accounts:
        lines = [f"  {name:<20}{user.role.value}" for name, user in sorted(accounts.users.items())]
        lines += [
            f"  {name:<20}token: {', '.join(token.scopes)}" for name, token in sorted(accounts.tokens.items())
        ]
    click.echo("\n".join(lines) or "There is nobody yet. `bitgrid account add NAME` makes the first account.")


@account.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value, show_default=True
)
@_KEYS
def add(name: str, role: str, keys: Path | None) -> None:
    """Add a person, or give a known one another password and role; the password is asked for."""
    hint = f"Password ({SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters)"
    password = click.prompt(hint, hide_input=True, confirmation_prompt=True)
    with _accounts(keys) as accounts:
        accounts.set_user(name, password, Role(role))
    click.echo(f"{name} may log in as {role}; sessions with an older password are over.")


@account.command()
@click.argument("name")
@_KEYS
def remove(name: str, keys: Path | None) -> None:
    """Remove a person, whose sessions are over at once."""
    with _accounts(keys) as accounts:
        accounts.remove_user(name)
    click.echo(f"{name} is removed.")


@account.group()
def token() -> None:
    """Make and end tokens for machines, which send them as Authorization: Bearer."""


@token.command("add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(TOKEN_SCOPES))
@_KEYS
def add_token(name: str, scopes: tuple[Scope, ...], keys: Path | None) -> None:
    """Make a token; it is shown once."""
    with _accounts(keys) as accounts:
        made = accounts.add_token(name, scopes)
    click.echo(f"The token of {name}, shown this once:", err=True)
    click.echo(made)


@token.command("remove")
@click.argument("name")
@_KEYS
def remove_token(name: str, keys: Path | None) -> None:
    """End a token at once."""
    with _accounts(keys) as accounts:
        accounts.remove_token(name)
    click.echo(f"The token {name} is ended.")


@contextmanager
def _accounts(keys: Path | None) -> Iterator[Accounts]:
    try:
        yield Accounts((keys or secrets_place() / "web") / ACCOUNTS)
    except AccountsError as error:
        raise click.ClickException(str(error)) from None
    except ValidationError:
        raise click.ClickException("a name is small letters, digits, _ and -, and begins with a letter") from None
