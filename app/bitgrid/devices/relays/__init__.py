"""Relays: one module a protocol, each a `RelayDriver`. May touch: the relays named in site.yaml."""
