"""`bitgrid simulate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bitgrid.config import Config, Rules
from bitgrid.config.files import load_file
from bitgrid.kernel import to_scaled
from bitgrid.ops.commands.loading import config_errors_told, load
from bitgrid.ops.commands.period import DIRECTORY, FILE, data_directory, open_ledger, period
from bitgrid.ops.errors import Refusal
from bitgrid.ops.places import default_config
from bitgrid.plant.errors import BadRecording
from bitgrid.plant.recorded import DAY_AHEAD, FORECAST, read_recording
from bitgrid.replay.archive import Archive, Library
from bitgrid.replay.drive import Drive, from_ledger, from_recording
from bitgrid.replay.errors import ReplayError
from bitgrid.replay.kpis import rows, side_by_side
from bitgrid.replay.simulation import live, live_without_mining
from bitgrid.store import StoreError

MakeDrives = Callable[[Config], list[Drive]]


@click.command()
@click.argument("recording", required=False, type=click.Path(path_type=Path))
@click.option("--data", type=FILE, help="CSV of a recorded home; by default what the running house recorded.")
@click.option("--from", "begin", help="2024-05-15 (midnight there), 2024-05-15T12:30, or with Z for UTC.")
@click.option("--to", "end", help="Where to end; as --from.")
@click.option("--rules", type=FILE, help="Another bitgrid_rules.yaml, shown beside the one in force.")
@click.option(
    "--prices", "surcharge_ct", type=float, help="Import at the CSV's day-ahead price plus so many ct/kWh."
)
@click.option("--config", "directory", type=DIRECTORY, help="Directory of the configuration.")
def simulate(  # noqa: PLR0913, PLR0917  one option each
    recording: Path | None,
    data: Path | None,
    begin: str | None,
    end: str | None,
    rules: Path | None,
    surcharge_ct: float | None,
    directory: Path | None,
) -> None:
    """Live a recorded period again, with the rules in force and with others beside them.

    RECORDING is a directory that `bitgrid import` made, or a bundle of the research export, which is simulated by
    the rules that were in force in it last and needs nothing else; without it, what the running house recorded.

    A model of the house carries the changed decisions into battery, meter and miner. This answers "what if?";
    whether what happened was right is told by `bitgrid replay`.
    """
    if recording is not None and data is not None:
        raise Refusal(f"{recording} and --data {data} are two recordings; name one of them")
    if recording is not None and not recording.exists():
        raise Refusal(f"{recording} is not there; name a directory that bitgrid import made, or a bundle")
    if recording is not None and recording.is_file():
        if directory is not None or surcharge_ct is not None:
            raise Refusal("a bundle holds its own configuration and prices; leave --config and --prices out")
        _of_bundle(recording, (begin, end), rules)
        return
    config = load(directory or default_config())
    between = period(begin, end, ZoneInfo(config.site.location.timezone))
    _tell(_variants(config, rules), _made(recording, data, config, between, surcharge_ct))


def _of_bundle(path: Path, ends: tuple[str | None, str | None], rules: Path | None) -> None:
    """Simulate a bundle."""
    from bitgrid.ops.commands.bundles import believed, newest_config  # noqa: PLC0415  pyarrow, for bundles alone

    with believed(path) as (bundle, verified):
        config = newest_config(bundle, verified)
        between = period(*ends, ZoneInfo(config.site.location.timezone))
        _tell(_variants(config, rules), _recorded(bundle, between))


def _variants(config: Config, rules: Path | None) -> dict[str, Config]:
    variants = {"in force": config}
    if rules is not None:
        with config_errors_told():
            variants[rules.name] = replace(config, rules=load_file(rules, Rules))
    return variants


def _tell(variants: dict[str, Config], make: MakeDrives) -> None:
    try:
        click.echo(compare(variants, make))
    except (ReplayError, StoreError) as error:
        raise Refusal(f"nothing could be simulated: {error}") from None


def compare(variants: dict[str, Config], make: MakeDrives) -> str:
    """Simulate each; the table, and what must be known to read it."""
    columns, drives = {}, list[Drive]()
    for heading, config in variants.items():
        if not drives or drives[0].block_s != config.rules.block_s:
            drives = make(config)
        columns[heading] = rows(live(config, drives), live_without_mining(config, drives))
    first = next(iter(variants.values()))
    notes = [*drives[0].notes, _value_note(first)]
    days = sum(map(len, drives)) * drives[0].block_s / 86_400
    return "\n".join([f"{days:.1f} days simulated", *(f"- {note}" for note in notes), "", side_by_side(columns)])


def _made(
    imported: Path | None, data: Path | None, config: Config, between: tuple[int, int], surcharge_ct: float | None
) -> MakeDrives:
    surcharge = None if surcharge_ct is None else to_scaled("ct_kwh", surcharge_ct)
    if imported is not None:
        return _of_import(imported, between, surcharge)
    if data is not None:
        return _of_csv(data, config, between, surcharge)
    if surcharge is not None:
        raise Refusal("--prices needs a CSV with a column day_ahead_eur_mwh; name it with --data, or import it")
    return _recorded(open_ledger(data_directory(None)), between)


def _of_import(directory: Path, between: tuple[int, int], surcharge: int | None) -> MakeDrives:
    from bitgrid.replay.imported import from_import, is_import  # noqa: PLC0415  pyarrow takes memory and time

    if not is_import(directory):
        raise Refusal(f"{directory}: was not made by bitgrid import; it has no import.json")
    return lambda variant: from_import(directory, variant, between, surcharge)


def _value_note(config: Config) -> str:
    hodl = config.policies.hodl
    worth_ct = None if hodl is None else hodl.ct_kwh
    if worth_ct is None:
        return "a mined kWh is worth nothing here: policies.yaml gives no hodl with sats_per_kwh and eur_per_btc"
    return f"a mined kWh is worth {worth_ct:.2f} ct (policies.yaml)"


def _of_csv(path: Path, config: Config, between: tuple[int, int], surcharge: int | None) -> MakeDrives:
    try:
        recording = read_recording(path, config.site.location, (FORECAST, DAY_AHEAD))
    except BadRecording as error:
        raise Refusal(str(error)) from None
    return lambda variant: [from_recording(recording, variant, between, surcharge)]


def _recorded(archive: Archive, between: tuple[int, int]) -> MakeDrives:
    def make(config: Config) -> list[Drive]:
        within = (row for row in archive.records() if between[0] <= row.at_s < between[1])
        return [from_ledger(within, config, Library(archive).forecast)]

    return make
