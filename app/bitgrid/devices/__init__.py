"""Devices: each turns a protocol into signals, and a target into writes.

May touch: the devices and loads named in site.yaml. Drivers hold no thread, no clock and no retry; they speak
through a transport that is handed in (`devices.transport`), so that they run against sockets and simulators alike.
"""
