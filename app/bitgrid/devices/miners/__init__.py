"""devices/miners."""
