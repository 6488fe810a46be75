"""Devices: each turns a protocol into signals, and a target into writes.

- Drivers (`miners`, `relays`, `modbus`) hold no thread and no retry; they speak through a transport that is handed
  in (`transport`; the real ones are `sockets` and `modbus.connection`), so that they run against simulators, too.
  `registry` puts them together as site.yaml says.
- `poller` polls one device, `load_agent` drives one load. Both are stepped; `stepper` is the thread that does so.

May touch: the devices and loads named in site.yaml, the bus. Nothing here but a relay driver's `close_for` can
give a load power, and only the guard calls it.
"""
