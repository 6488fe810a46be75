"""docs/first-boot.md, made from the schema of bitgrid.yaml: every key with its type, default and meaning."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator

from bitgrid.ops.config_docs import Key, keys_of
from bitgrid.ops.first_boot.wishes import Network, Wishes

EXAMPLE = """\
schema: 1
hostname: bitgrid
ssh_keys:
  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEE8eUPyu/Y5spbQcqqEMJjwsjhre1PtQkLRT7ZZDa+K anna
wifi:
  name: Home
  password: 'what is on the label'
  country: DE
time_zone: Europe/Berlin
site:
  name: Anna's house
  language: de
"""
_INTRO = f"""\
# bitgrid.yaml

Made by `make docs` from the schema in `app/bitgrid/ops/first_boot/wishes.py`; not edited by hand.

A text file on the boot partition of the card, written on any computer before the card's first start, or on any
day after. Nothing has to be in it but `schema`. What is said in it is taken over when the appliance starts;
then the file is taken off the card, for it may hold passwords, and `bitgrid-firstboot.log` beside it says what
was done. Of a file with a mistake nothing is taken over: it stays, and the log and the appliance's screen name
line and reason. Without the file, what Raspberry Pi Imager wrote is read.

```yaml
{EXAMPLE}```

| key | type | default | meaning |
|---|---|---|---|
"""


def render() -> str:
    """The whole page."""
    return _INTRO + "".join(f"| `{key.path}` | {key.kind} | {key.default} | {key.meaning} |\n" for key in _keys())


def _keys() -> Iterator[Key]:
    """Every key; below ``network``, which may be one word instead, those of a fixed address."""
    for key in keys_of(Wishes):
        if key.path != "network":
            yield key
            continue
        yield dataclasses.replace(key, kind="section, or `dhcp`")
        for own in keys_of(Network):
            yield dataclasses.replace(own, path=f"network.{own.path}")


if __name__ == "__main__":
    sys.stdout.write(render())
