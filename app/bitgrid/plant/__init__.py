"""The plant: a simulated house that speaks the real protocols, for `make run`, for tests and for nothing else.

Three layers, each usable without the next:

- physics (`model`, with `battery`, `miner`, `relay`): a `House` stepped second by second from a `source` of PV
  power and household load, which is simulated (`weather`, `household`) or recorded (`recorded`);
- faces (`faces`): what a device of that house would answer, bytes or registers in and out, so that they serve as
  the in-memory transports of `devices.transport`;
- sockets (`server`, `control`, `telling`): the faces on the addresses of site.yaml, those that tell by MQTT at its
  broker, and a control socket for faults.

May touch: loopback addresses named in site.yaml, the control socket in the run directory, a recording that is
named. Knows nothing of what the house says on the bus, of the rules or the guard: they must find out about this
house as about a real one.
"""
