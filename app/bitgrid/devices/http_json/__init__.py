"""Devices that are asked by HTTP and answer JSON. May touch: the devices named in site.yaml, asking alone."""
