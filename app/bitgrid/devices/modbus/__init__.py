"""devices/modbus."""
