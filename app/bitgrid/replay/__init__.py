"""Replay and simulation: was it right, what would other rules have done, what comes next. Nothing is switched.

Replay is open loop: recorded states, decided again. Simulation is closed loop: a model of the house carries the
decisions into battery, meter and miner. May touch: the ledger, read-only, and files of recorded homes.
"""
