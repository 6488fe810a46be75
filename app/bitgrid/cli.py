"""`bitgrid …`: the command line. Each command lives in its own room and is imported when it is called."""

from __future__ import annotations

import click

import bitgrid
from bitgrid.ops.lazy_group import LazyGroup

_COMMANDS = {
    "account": ("bitgrid.web.account_command:account", "Say who may log in, and make tokens for machines."),
    "archive": ("bitgrid.ops.commands.archive:archive", "Verify, list and keep what is kept for years."),
    "config": ("bitgrid.ops.commands.config:config", "Check and explain the configuration."),
    "decide": ("bitgrid.ops.commands.decide:decide", "Decide on a state given as JSON."),
    "devices": ("bitgrid.ops.commands.devices:devices", "Find devices on the network, and look at them."),
    "doctor": ("bitgrid.ops.commands.doctor:doctor", "Check everything a person would check."),
    "host": ("bitgrid.ops.commands.host:host", "Prepare an appliance; its units call it."),
    "energy": ("bitgrid.ops.commands.energy:energy", "Tell a period as JSON, for the page: figures and blocks."),
    "effect": ("bitgrid.ops.commands.effect:effect", "Tell what other rules would have changed, for the page."),
    "import": ("bitgrid.ops.commands.imports:imports", "Bring in what others recorded of your house."),
    "kpi": ("bitgrid.ops.commands.kpi:kpi", "Tell the key figures of a period."),
    "ledger": ("bitgrid.ops.commands.ledger:ledger", "Verify and show what was recorded."),
    "mirror": ("bitgrid.ops.commands.mirror:mirror", "Copy logs and exports to an encrypted repository."),
    "plan": ("bitgrid.ops.commands.plan:plan", "Tell what the next 24 hours would bring."),
    "plant": ("bitgrid.ops.commands.plant:plant", "Break and mend the simulated house."),
    "preview": ("bitgrid.ops.commands.preview:preview", "Tell what the next block would decide."),
    "replay": ("bitgrid.ops.commands.replay:replay", "Derive every recorded decision again and compare."),
    "research": ("bitgrid.ops.commands.research:research", "Hand out and verify research bundles."),
    "report": ("bitgrid.ops.commands.report:report", "Write a month's report, to be printed."),
    "run": ("bitgrid.ops.commands.run:run", "Run the whole house on this machine."),
    "simulate": ("bitgrid.ops.commands.simulate:simulate", "Live a recorded period again, with other rules."),
    "status": ("bitgrid.ops.commands.status:status", "Tell what runs, and why."),
    "ups": ("bitgrid.ops.commands.ups:ups", "Tell the house what its UPS does; for upsmon."),
    "store": ("bitgrid.ops.commands.store:store", "Check the databases, and give one back from its snapshot."),
    "whatif": ("bitgrid.ops.commands.whatif:whatif", "Decide again on the last state, with other values."),
}


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def main() -> None:
    """A home's solar surplus, turned into useful work by five fixed rules."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"bitgrid {bitgrid.__version__}")
