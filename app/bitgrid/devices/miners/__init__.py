"""Miners: one module a protocol, each a `MinerDriver`. May touch: the miners named in site.yaml."""
