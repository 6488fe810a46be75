"""The first boot of an image: what its owner wrote onto the boot partition, read, checked, and put in its place.

May touch: the boot partition, and files of the host below a root. It switches nothing and starts nothing.
"""

from bitgrid.ops.first_boot.applying import COPY, LOG, MISTAKE, first_boot, note

__all__ = ["COPY", "LOG", "MISTAKE", "first_boot", "note"]
