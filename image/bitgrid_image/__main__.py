"""`python -m bitgrid_image`: what `make image` calls."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from bitgrid_image.base import Mirror
from bitgrid_image.errors import ImageError
from bitgrid_image.layout import Machine
from bitgrid_image.making import Order, make, write_lock

_MIRROR = Mirror(
    os.environ.get("BITGRID_MIRROR", "http://deb.debian.org/debian"),
    os.environ.get("BITGRID_MIRROR_SECURITY", "http://deb.debian.org/debian-security"),
)


@click.command()
@click.option("--arch", type=click.Choice([one.value for one in Machine]), default=Machine.ARM64.value)
@click.option("--dist", type=click.Path(file_okay=False, path_type=Path), default=Path("dist"), show_default=True)
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Signs the update (PEM)."
)
@click.option("--model", is_flag=True, help="With the library for a language model on the device; no model.")
@click.option("--base", type=click.Path(path_type=Path), help="Raspberry Pi OS Lite (.img.xz) instead of Debian.")
@click.option(
    "--write-lock",
    "write_lock_only",
    is_flag=True,
    help="Only write down the packages that the mirror gives today.",
)
def main(  # noqa: PLR0913  one for each thing that can be asked for
    arch: str, dist: Path, key: Path | None, base: Path | None, *, model: bool, write_lock_only: bool
) -> None:
    """Make the card's image. BITGRID_MIRROR and BITGRID_MIRROR_SECURITY name other mirrors than Debian's own."""
    order = Order(Machine(arch), _MIRROR, dist.absolute(), key, base, has_model=model)
    began_s = time.monotonic()

    def tell(line: str) -> None:
        click.echo(f"{time.monotonic() - began_s:6.0f} s  {line}")

    try:
        for path in [write_lock(order, tell)] if write_lock_only else make(order, tell):
            click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    except ImageError as error:
        click.echo(error, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
