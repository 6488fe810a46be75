"""Operation: starting the house on one machine, looking after its processes, and telling a person how it does.

May touch: the files and processes of an instance (``var/<n>``), the loopback ports named in its configuration,
and, for `doctor`, the devices, read-only.
"""
