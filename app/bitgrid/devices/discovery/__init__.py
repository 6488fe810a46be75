"""Finds what could be read or switched on the home's own network, by asking. It writes nothing, tries no password.

- `targets`: which addresses, bounded and on the local network alone.
- `probes`: what is asked of one address, protocol by protocol, one request at a time.
- `scan`: many addresses side by side.

May touch: private IPv4 addresses that a person named or that this machine is connected to.
"""
