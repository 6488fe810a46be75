"""Modbus/TCP: a shared connection, and SunSpec on top of it. May touch: the devices named in site.yaml."""
