"""Control: what the rule daemon does around the pure kernel.

Signals become a state, blocks are counted, decisions are recorded before they act, leases are renewed only while
a recorded decision stands. May touch: the bus, the ledger, and the guard over its socket, each handed in. It never
speaks to a device.
"""
