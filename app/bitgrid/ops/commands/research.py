"""`bitgrid research …`: handing out what was recorded, and holding a bundle against its signature."""

from __future__ import annotations

import getpass
import json
import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bitgrid.bus import ExportRequest, Topics
from bitgrid.bus.client import MqttBus
from bitgrid.clock import clock_from_environment
from bitgrid.config import Config, ConfigError
from bitgrid.config.secrets import signing_place
from bitgrid.ops.broker_access import access_for
from bitgrid.ops.commands.bundles import believed
from bitgrid.ops.commands.house_here import house_here
from bitgrid.ops.commands.loading import load
from bitgrid.ops.commands.period import DIRECTORY, FILE, open_ledger, period
from bitgrid.ops.errors import Refusal
from bitgrid.ops.export_call import ExportCall
from bitgrid.research.errors import BadBundle, ResearchError
from bitgrid.research.layout import DEFAULT_KINDS, KINDS, Scope
from bitgrid.research.making import Exporter, Limits, Made
from bitgrid.research.reading import Verified
from bitgrid.research.signing import PublicKey, known_key, own_key
from bitgrid.store.archive.reader import ArchiveReader
from bitgrid.store.event_log import events

ANSWER_S = 10.0
_MOST_DAYS = 3660
_DAY_S = 86_400
_RECORDS_BACK = 100


@click.group()
def research() -> None:
    """Hand out what was recorded, names and addresses replaced, signed; and verify such a bundle anywhere."""


@research.command()
@click.option("--from", "begin", required=True, help="2024-05-15 (midnight there), or with a time; Z for UTC.")
@click.option("--to", "end", required=True, help="Where to end, itself left out; as --from.")
@click.option(
    "--kinds", default=",".join(DEFAULT_KINDS), show_default=True, help=f"Of {', '.join(KINDS)}; by comma."
)
@click.option("--out", type=FILE, required=True, help="The file to make; it must not be there yet.")
@click.option(
    "--max-mb", type=click.IntRange(1, 4000), default=500, show_default=True, help="What it may grow to."
)
@click.option(
    "--max-minutes", type=click.IntRange(1, 600), default=30, show_default=True, help="How long it may take."
)
@click.option(
    "--recorded", help="Id under which the ledger holds this very request already; for the page. Tells progress."
)
@click.option("--config", "directory", type=DIRECTORY, help="Directory of the configuration.")
@click.option(
    "--data", type=DIRECTORY, help="Data of the house, such as var/0/data; by default the running one's."
)
def export(  # noqa: PLR0913, PLR0917  one option each
    begin: str,
    end: str,
    kinds: str,
    out: Path,
    max_mb: int,
    max_minutes: int,
    recorded: str | None,
    directory: Path | None,
    data: Path | None,
) -> None:
    """Make a bundle of a period: Parquet and JSON in a zip, signed with this house's own key.

    Only while research is switched on in flags.yaml, and only once the rules have recorded who asked for what.
    """
    config_directory, data_directory = house_here(directory, data)
    config = load(config_directory)
    if not config.flags.research:
        raise Refusal(
            f"research is switched off, so nothing is handed out. Whoever owns this house switches it on with "
            f"research: true in {config_directory / 'flags.yaml'}"
        )
    scope = _scope(kinds, period(begin, end, ZoneInfo(config.site.location.timezone)))
    clock, ledger = clock_from_environment(), open_ledger(data_directory)
    limits = Limits(max_mb * 1_000_000, max_minutes * 60)
    try:
        exporter = Exporter(
            ArchiveReader(data_directory / "archive"), ledger, own_key(signing_place()), clock, limits
        )
        days = exporter.scope_of(scope)
        bundle_id = recorded or uuid.uuid4().hex
        if recorded:
            require_record(data_directory, scope, bundle_id)
            made = exporter.export(scope, bundle_id, out.absolute(), _tell_progress)
        else:
            _ask(config, scope, bundle_id)
            with click.progressbar(length=sum(map(len, days.values())), label="exporting", file=sys.stderr) as bar:
                made = exporter.export(
                    scope, bundle_id, out.absolute(), lambda done, _all: bar.update(done - bar.pos)
                )
    except ResearchError as error:
        raise Refusal(str(error)) from None
    finally:
        ledger.close()
    _tell(made, scope)


@research.command()
@click.argument("bundle", type=FILE)
@click.option("--key", help="The public key that the bundle must be signed with, as its house tells it.")
def verify(bundle: Path, key: str | None) -> None:
    """Hold every byte of a bundle against its signature; exit code 1 where anything is amiss."""
    try:
        wanted = None if key is None else PublicKey.from_text(key)
    except BadBundle as error:
        raise Refusal(str(error)) from None
    with believed(bundle) as (_bundle, verified):
        click.echo(_about(verified))
        click.echo(_whose(verified.key, wanted))


@research.command()
def key() -> None:
    """Print the public key of this house's bundles; one is made where there is none."""
    try:
        public = own_key(signing_place()).public
    except ResearchError as error:
        raise Refusal(str(error)) from None
    click.echo(f"{public.text}\nkey id {public.id}")


def _scope(kinds: str, between: tuple[int, int]) -> Scope:
    wanted = tuple(dict.fromkeys(name.strip() for name in kinds.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in KINDS]
    if unknown or not wanted:
        raise Refusal(f"--kinds {kinds}: there is no kind {', '.join(unknown)}; there are {', '.join(KINDS)}")
    if between[1] - between[0] > _MOST_DAYS * _DAY_S:
        raise Refusal(f"a bundle takes in {_MOST_DAYS} days at most; choose a shorter period")
    return Scope(wanted, *between)


def require_record(data: Path, scope: Scope, bundle_id: str) -> None:
    """See that the ledger holds a request for just this bundle.

    Raises:
        Refusal: it does not.
    """
    wanted: dict[str, object] = {"what": "research_export", "bundle_id": bundle_id, "kinds": list(scope.kinds)}
    wanted |= {"from_s": scope.from_s, "to_s": scope.to_s}
    for row in events(data / "ledger", ("audit",), _RECORDS_BACK):
        if wanted.items() <= json.loads(row.record).items():
            return
    raise Refusal(f"the ledger holds no request {bundle_id} for this, so nothing was handed out")


def _tell_progress(done: int, of: int) -> None:
    click.echo(f"progress {done}/{of}", err=True)


def _ask(config: Config, scope: Scope, bundle_id: str) -> None:
    """Have the request recorded.

    Raises:
        Refusal: the rules refused, or did not answer.
    """
    clock, broker = clock_from_environment(), config.site.broker
    try:
        access = access_for(broker, "web")
    except ConfigError as error:
        raise Refusal(f"nothing can be shown to the broker, so nothing was asked:\n{error}") from None
    bus = MqttBus(f"research-{os.getpid()}", broker.host, broker.port, speed=clock.speed, access=access)
    request = ExportRequest(
        request_id=uuid.uuid4().hex,
        bundle_id=bundle_id,
        kinds=list(scope.kinds),
        from_s=scope.from_s,
        to_s=scope.to_s,
        actor=f"cli ({getpass.getuser()})"[:100],
    )
    call = ExportCall(request, bus, Topics(config.site.site), clock)
    bus.start()
    try:
        call.wait(ANSWER_S)
    finally:
        bus.stop()


def _tell(made: Made, scope: Scope) -> None:
    click.echo(f"{made.path}: {made.bytes / 1e6:.1f} MB, SHA-256 {made.sha256}")
    click.echo("\n".join(f"  {kind}: {made.rows[kind]} rows" for kind in scope.kinds))
    for kind, days in made.missing_days.items():
        if days:
            click.echo(f"  {kind}: {len(days)} days are not archived: {days[0]} … {days[-1]}")
    click.echo("Names and addresses are replaced; what a bundle tells all the same stands in docs/research.md.")
    click.echo("Give whoever gets it your public key by another way: bitgrid research key")


def _about(verified: Verified) -> str:
    about = verified.about
    rows = ", ".join(f"{kind} {count}" for kind, count in about.rows.items())
    lines = [
        f"Bundle {about.bundle_id} of BitGrid {about.bitgrid_version}, made {_utc(about.made_at_s)}",
        f"from {_utc(about.scope.from_s)} to {_utc(about.scope.to_s)}, rows: {rows}",
        f"{verified.files} files; every byte is as it was signed.",
    ]
    missing = [f"{kind} {len(days)} days" for kind, days in about.missing_days.items() if days]
    return "\n".join([*lines, *([f"not archived, and so not in it: {', '.join(missing)}"] if missing else [])])


def _whose(found: PublicKey, wanted: PublicKey | None) -> str:
    """Who signed.

    Raises:
        Refusal: it is another key than the one wanted.
    """
    if wanted is not None and wanted != found:
        raise Refusal(f"it was signed with the key {found.id}, and not with {wanted.id}. Do not believe it")
    if wanted is not None:
        return f"It was signed with the key that was named, {found.id}."
    try:
        own = known_key(signing_place())
    except ResearchError:
        own = None
    if own is not None and own.public == found:
        return f"It was signed with this house's own key, {found.id}."
    return (
        f"The key is not known here: {found.text} (id {found.id}). Whoever gave you the bundle must tell you "
        "the same by another way; then hold it against that with --key"
    )


def _utc(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
