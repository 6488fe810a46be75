"""devices/relays."""
